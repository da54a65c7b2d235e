"""Guessing at a running installation with two server processes."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.serving import Server

WINDOW = 300  # seconds: five guesses in each
GUESSES = 200


@pytest.mark.req("A6")
def test_two_hundred_guesses_at_once_over_two_processes_are_no_more_than_five():
    with Server(workers=2, TOLLGATE_TRUSTED_PROXIES="127.0.0.0/8,::1/128") as server:
        server.manage(
            "user",
            "create",
            "mei",
            "--email",
            "mei@example.com",
            "--password-stdin",
            stdin="a long passphrase of mei\n",
        )
        page = requests.get(f"{server.url}/accounts/login/", timeout=60)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        form = {"login": "mei", "password": "wrong password here", "csrfmiddlewaretoken": token[1]}

        def guess(number: int) -> int:
            headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}", "Referer": server.url}
            url = f"{server.url}/accounts/login/"
            return requests.post(url, form, headers=headers, cookies=page.cookies.get_dict(), timeout=60).status_code

        began = int(time.time()) // WINDOW
        with ThreadPoolExecutor(40) as callers:
            answers = list(callers.map(guess, range(GUESSES)))
        windows = int(time.time()) // WINDOW - began + 1
        assert set(answers) == {422, 429}
        assert 5 <= answers.count(422) <= 5 * windows
        failures = "SELECT COUNT(*) FROM security_event WHERE kind = 'sign-in-failed'"
        assert server.query(failures) == [(answers.count(422),)]
