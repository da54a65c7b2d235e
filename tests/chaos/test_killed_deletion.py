"""kill -9 in the middle of a deletion: the account is whole or gone, and whoever asks again gets it deleted."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from django.apps import apps
from django.db import connection

from accounts.models import User
from common import wal
from console import export
from notifications import services as notifications
from notifications.models import Delivery
from tests.accounts.test_deletion import NUMBER, everywhere
from tests.chaos.deleter import delete
from tests.races.runway import SPAWN, environment, prepare
from tests.scale import scaled
from tests.serving import Server
from tests.visitor import Visitor

__all__ = ["everywhere"]
ROUNDS = scaled(10, least=1)
PASSWORD = "a long passphrase of hers"
LIVE = """
from accounts.models import User
from tests.booked import book, draft
user = User.objects.get(username="ann")
book([draft(user, charge=0) for _ in range(3000)])
"""


@pytest.fixture
def folders(settings, tmp_path) -> dict[str, str]:
    """Where files of accounts are, here and in the process that dies."""
    found = {"MEDIA_ROOT": str(tmp_path / "media"), "EMAIL_FILES": str(tmp_path / "mail")}
    for name, folder in found.items():
        Path(folder).mkdir()
        setattr(settings, name, folder)
    return found


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def in_a_process(at: int, folders: dict[str, str]) -> int | None:
    """Return the statements that a deletion took in a process of its own, None where that died."""
    connection.close()
    arguments = (SPAWN.Barrier(1), environment())
    with ProcessPoolExecutor(1, mp_context=SPAWN, initializer=prepare, initargs=arguments) as pool:
        try:
            return pool.submit(delete, NUMBER, at, folders).result(120)
        except BrokenProcessPool:
            return None


@pytest.mark.req("L4")
@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_dies_at_any_statement_leaves_all_and_the_next_works(everywhere, folders):
    draw, before = random.Random(7), rows()
    assert in_a_process(0, folders) is None
    for at in [1, *draw.sample(range(2, 60), ROUNDS)]:
        assert in_a_process(at, folders) is None, f"it took less than {at} statements"
        assert rows() == before
    took = in_a_process(10_000, folders)
    assert took
    assert took > 60
    assert not User.objects.filter(pk=NUMBER).exists()


@pytest.mark.req("L4")
@pytest.mark.django_db(transaction=True)
def test_one_that_dies_between_its_commit_and_its_files_is_finished_by_the_worker(everywhere, folders):
    letter = Delivery.objects.filter(user=everywhere).values_list("pk", flat=True)[0]
    files = [export.folder_of(NUMBER) / "7.zip", Path(folders["EMAIL_FILES"]) / f"{letter:08d}.eml"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"To: ann@example.com\n\n")
    assert in_a_process(-1, folders) is None
    assert not User.objects.filter(pk=NUMBER).exists()
    assert [file.exists() for file in files] == [True, True]
    assert (export.sweep(), notifications.sweep_files()) == (1, 1)
    assert [file.exists() for file in files] == [False, False]
    assert wal.fold()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(workers=2) as running:
        yield running


@pytest.mark.req("L4")
def test_an_installation_that_is_killed_while_a_page_deletes_is_whole(server):
    draw = random.Random(11)
    for _ in range(ROUNDS):
        mail = ["--email", "ann@example.com", "--credit", "5", "--password-stdin"]
        server.manage("user", "create", "ann", *mail, stdin=PASSWORD)
        server.manage("key", "create", "ann", "laptop")
        server.manage("shell", "-v", "0", "-c", LIVE)
        browser = Visitor(server.url)
        assert browser.sign_in("ann", PASSWORD).status_code == 302
        before = _counts(server)
        asking = threading.Thread(target=_ask, args=(browser,))
        asking.start()
        time.sleep(draw.uniform(0.02, 0.25))
        server.kill9()
        asking.join(60)
        server.start()
        after = _counts(server)
        assert after in (before, dict.fromkeys(before, 0))
        if after == before:
            assert browser.post("/settings/delete/", username="ann").headers["Location"] == "/accounts/deleted/"
            assert not any(_counts(server).values())
        server.manage("shell", "-v", "0", "-c", "from accounts import holds; holds.release('ann')")
        server.manage("wallet", "verify")
    assert "Traceback" not in server.log


def _ask(browser: Visitor) -> None:
    with suppress(requests.RequestException, AssertionError):
        browser.post("/settings/delete/", username="ann")


def _counts(server: Server) -> dict[str, int]:
    """How many rows of the account there are in each table that matters."""
    tables = {"accounts_user": "1 = 1", "security_session": "user_id IS NOT NULL"}
    tables |= dict.fromkeys(
        ("gateway_apikey", "wallet_wallet", "wallet_ledgerentry", "usage_calllog", "usage_hourlyusage"), "1 = 1"
    )
    return {name: server.query(f"SELECT count(*) FROM {name} WHERE {rest}")[0][0] for name, rest in tables.items()}
