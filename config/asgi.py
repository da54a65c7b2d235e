"""The ASGI entry: Django is set up first, then the site is built."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from common import logs  # noqa: E402
from config.site import Site  # noqa: E402 (the models it imports need Django set up)

logs.catch_strays()
application = Site()
