"""The ASGI entry: Django is set up first, then the site is built."""

import os
import warnings

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from common import logs  # noqa: E402
from config.site import Site  # noqa: E402 (the models it imports need Django set up)

# WhiteNoise gives files out as a synchronous server wants them; Django reads these small ones whole, in a thread
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators", Warning)
logs.catch_strays()
application = Site()
