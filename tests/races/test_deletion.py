"""An account is deleted while its calls are under way."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import OperationalError, connection, transaction

from accounts import services as accounts
from accounts.models import User
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Limit, Record, Settle, Settled, Store
from notifications.models import Threshold
from security import tokens
from tests.accounts.conftest import admin, admin_browser, browser, outbox, signed_in
from tests.commit.rig import assert_books_balance, batched, fund, here, lock_waited_for
from tests.commit.targets import flat, paid
from usage.models import CallLog, HourlyUsage
from wallet.models import Budget, Hold, LedgerEntry, Wallet, WalletEvent

__all__ = ["admin", "admin_browser", "browser", "outbox", "signed_in"]
OWNED = (Budget, CallLog, Hold, HourlyUsage, LedgerEntry, Threshold, Wallet, WalletEvent)
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.SQLITE, reason="on SQLite nothing comes between: part of the run on PostgreSQL"),
]


@pytest.mark.req("K4")
def test_what_was_committed_during_the_deletion_goes_with_the_wallet():
    gone, other = fund(100, 100)
    Threshold.objects.create(user_id=gone, amount=99)

    async def work(batcher: Batcher, _: Store) -> None:
        for number, wallet in enumerate((gone, other)):
            await batcher.reserve(flat(number, wallet, 10, Limit("key", 1, 0, 100)))
            await batcher.settle(paid(number, wallet, 5, address="192.0.2.1"))
            await batcher.reserve(flat(number + 2, wallet, 10))

    with psycopg.connect(here().where) as deleter:
        # what a deletion has done already when the calls are committed: other tables first, the wallet last
        deleter.execute("DELETE FROM usage_calllog WHERE user_id = %s", [gone])
        deleter.execute("DELETE FROM wallet_hold WHERE wallet_id = %s", [gone])
        batched(work)
        deleter.execute("DELETE FROM wallet_wallet WHERE user_id = %s", [gone])
    for model in OWNED:
        owner = "user_id" if hasattr(model, "user") else "wallet_id"
        assert not model.objects.filter(**{owner: gone}).exists(), model
    assert CallLog.objects.get().user_id == other
    assert Hold.objects.get().wallet_id == other
    assert_books_balance()


def test_a_deletion_that_holds_a_row_is_not_the_one_to_give_way():
    (gone,) = fund(100)

    async def work(batcher: Batcher, _: Store) -> Settled:
        await batcher.reserve(flat(1, gone, 10))
        async with await psycopg.AsyncConnection.connect(here().where) as deleter:
            await deleter.execute("DELETE FROM wallet_hold WHERE wallet_id = %s", [gone])
            settling = asyncio.create_task(batcher.settle(paid(1, gone, 5)))
            await lock_waited_for()  # it has the wallet and waits for the hold; now the deletion waits for the wallet
            await deleter.execute("DELETE FROM wallet_wallet WHERE user_id = %s", [gone])
        return await settling

    assert not batched(work).first
    assert not any(model.objects.exists() for model in OWNED)


def test_a_refusal_during_a_deletion_leaves_no_row():
    (gone,) = fund(0)

    async def work(batcher: Batcher, _: Store) -> None:
        async with await psycopg.AsyncConnection.connect(here().where) as deleter:
            await deleter.execute("DELETE FROM wallet_wallet WHERE user_id = %s", [gone])
            batcher.note(Settle(1, gone, 0, Record(kind="error", address="192.0.2.1"), held=False))
            await lock_waited_for()

    batched(work)
    User.objects.get(pk=gone).delete()
    assert not any(model.objects.exists() for model in OWNED)


@contextmanager
def crossing(user: User) -> Iterator[None]:
    """Be a request that holds a token of the account, and asks for the account once a deletion waits for the token.

    The deletion looks for deadlocks first, so it is the one that PostgreSQL ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '300ms'")
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(here().where) as other, ThreadPoolExecutor(1) as thread:
        other.execute("SET deadlock_timeout = '30s'")
        other.execute("UPDATE security_accesstoken SET last_used_at = now() WHERE user_id = %s", [user.pk])

        def cross() -> None:
            waited = threading.Event()
            with psycopg.connect(here().where, autocommit=True) as looking:
                while looking.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone() == ([],):
                    waited.wait(0.01)
            other.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR KEY SHARE", [user.pk])
            other.commit()

        crossed = thread.submit(cross)
        yield
        crossed.result(30)
    with connection.cursor() as cursor:
        cursor.execute("RESET deadlock_timeout")


@pytest.mark.req("L4")
def test_a_deletion_that_meets_a_deadlock_begins_again(user, signed_in, monkeypatch):
    tokens.make(user, name="terraform", scopes=["read"])
    pauses: list[float] = []
    monkeypatch.setattr("common.retries.time.sleep", pauses.append)
    with crossing(user):
        assert signed_in.post("/settings/delete/", {"username": user.username}).status_code == 302
    assert len(pauses) == 1
    assert not User.objects.exists()


@pytest.mark.req("L4")
@pytest.mark.parametrize("place", ["{}/delete/", ""])
def test_a_deletion_in_admin_that_meets_a_deadlock_begins_again_too(user, admin_browser, monkeypatch, place):
    """On the page of the account, which Django puts into one transaction, and in the list, which it does not."""
    tokens.make(user, name="terraform", scopes=["read"])
    chosen = {"action": "delete_selected", "_selected_action": str(user.pk)}
    tries, remove = [], accounts.remove

    def counted(gone: User) -> None:
        tries.append(gone.pk)
        remove(gone)

    monkeypatch.setattr(accounts, "remove", counted)
    with crossing(user):
        answer = admin_browser.post(f"/admin/accounts/user/{place.format(user.pk)}", {"post": "yes", **chosen})
    assert answer.status_code == 302
    assert len(tries) >= 2
    assert not User.objects.filter(pk=user.pk).exists()
    assert LogEntry.objects.count() == 1
    assert user.username not in str(list(LogEntry.objects.values()))


def test_in_the_transaction_of_another_it_cannot_and_says_so(user):
    tokens.make(user, name="terraform", scopes=["read"])
    with crossing(user), pytest.raises(OperationalError, match="deadlock"), transaction.atomic():
        accounts.delete(user)
    assert User.objects.filter(pk=user.pk).exists()
