"""Settings of the tests: the product's own, in a data folder that ends with the run."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="tollgate-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["TOLLGATE_DATA"] = _folder

from config.settings import *  # noqa: E402, F403
from config.settings import DATA, DATABASES, SQLITE, STATIC_ROOT, STORAGES  # noqa: E402

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
# a file, not memory: the commit's own connection and threads must see the same rows
DATABASES["default"]["TEST"] = {
    "NAME": str(DATA / f"test{_worker}.sqlite3") if SQLITE else os.environ.get("TOLLGATE_TEST_DB", "test_tollgate")
}
if not SQLITE:
    DATABASES["default"]["OPTIONS"].pop("pool")
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir()  # nothing is collected; whitenoise warns of a missing folder
# hundreds of accounts are made; Argon2 has tests of its own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
