"""Cookies as an installation behind https sets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAIN_FILES = """
from config import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
"""
ASK = """
import json, django
django.setup()
from django.test import Client
from django.core.management import call_command
call_command("migrate", verbosity=0)
from console import setup
path = setup.first_link().removeprefix("https://gate.example")
word = "quite a long passphrase"
form = {"username": "root", "email": "root@example.com", "password": word, "password_again": word}
browser = Client(headers={"host": "gate.example", "referer": "https://gate.example/"})
safe = {"secure": True}
answers = [browser.get(path, **safe), browser.post(path, form, **safe), browser.get("/overview/", **safe)]
choices = {"/prefs/language/": {"language": "en"}, "/prefs/theme/": {"theme": "dark"}, "/accounts/logout/": {}}
answers += [browser.post(path, sent, **safe) for path, sent in choices.items()]
print(json.dumps({
    "status": [answer.status_code for answer in answers],
    "hsts": [answer.headers.get("Strict-Transport-Security") for answer in answers],
    "cookies": [[cookie.key, cookie.OutputString()] for answer in answers
                for cookie in answer.cookies.values() if cookie["max-age"] != 0],
}))
"""


@pytest.mark.req("B7", "I4")
def test_behind_https_every_cookie_is_secure_and_bound_to_the_host(tmp_path):
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "TOLLGATE_BASE_URL": "https://gate.example"}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TOLLGATE_", "DATABASE_URL"))}
    (tmp_path / "static").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLAIN_FILES + ASK],
        cwd=ROOT,
        env={**env, **settings, "TOLLGATE_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["status"][:3] == [200, 302, 200]
    assert set(seen["status"][3:]) <= {204, 302}
    assert set(seen["hsts"]) == {"max-age=31536000; includeSubDomains; preload"}
    assert {name for name, _ in seen["cookies"]} >= {
        *("__Host-session", "__Host-csrf", "__Host-device", "__Host-language", "__Host-theme")
    }
    for name, text in seen["cookies"]:
        assert name.startswith("__Host-")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(text.split("; "))
        assert "Domain" not in text
