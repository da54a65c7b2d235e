"""Stored addresses go when their owner says so: all of theirs, nobody else's, counted, and nothing but the address."""

import re

import pytest

from accounts import jobs, limits
from accounts import services as accounts
from accounts.jobs import JobLost
from accounts.models import Job, User
from console import erase, export
from privacy import services as privacy
from tests.accounts.conftest import admin, admin_browser, browser, new_browser, outbox, signed_in
from tests.booked import called, refused
from tests.console.exported import exported
from tests.console.test_delete_page import HTMX, asks, lapse
from usage import addresses
from usage.models import CallLog

__all__ = ["admin", "admin_browser", "browser", "new_browser", "outbox", "signed_in"]
PAGE, BEGIN = "/settings/privacy/", "/settings/privacy/addresses/erase/"
PROGRESS = "/settings/privacy/addresses/"
V4, V6 = "203.0.113.9", "2001:db8::9"


@pytest.fixture
def recorded(owner) -> User:
    """Five rows with an address among seven."""
    for address in (V4, V6, None, V4):
        called(owner, address=address)
    for address in (V6, None, V4):
        refused(owner, address=address)
    return owner


def left() -> int:
    return CallLog.objects.exclude(address=None).count()


def run_it() -> Job:
    jobs.run_due()
    return Job.objects.get(kind=erase.KIND)


@pytest.mark.req("K5")
def test_turning_off_offers_to_erase_with_the_count_and_nothing_is_left_after(recorded, signed_in):
    privacy.save(recorded, record_ip=True)
    signed_in.post(PAGE, {})
    page = signed_in.page(PAGE)
    assert "Erase 5 addresses" in page
    assert "5 rows" in page
    assert signed_in.post(BEGIN).headers["Location"] == PAGE
    job = run_it()
    assert (job.state, job.result, left()) == ("done", "5", 0)
    page = signed_in.page(PAGE)
    assert "5 addresses erased" in page
    assert "None stored" in page
    assert BEGIN not in page, "nothing is offered where nothing is stored"


def test_only_the_address_goes_and_only_of_its_owner(recorded, group):
    other = User.objects.create_user("olu", "olu@example.com", "x", group=group)
    theirs = called(other, address=V4)
    before = list(CallLog.objects.filter(user=recorded).order_by("pk").values())
    erase.begin(recorded)
    run_it()
    after = list(CallLog.objects.filter(user=recorded).order_by("pk").values())
    assert after == [{**row, "address": None} for row in before]
    assert CallLog.objects.get(pk=theirs.pk).address == V4


def test_progress_is_told_batch_by_batch(recorded, monkeypatch):
    monkeypatch.setattr(addresses, "BATCH", 2)
    told: list[tuple[int, int]] = []
    assert addresses.erase(recorded.pk, lambda done, total: told.append((done, total))) == 5
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_the_page_shows_how_far_it_is_and_goes_on_without_script(recorded, signed_in):
    job = erase.begin(recorded)
    Job.objects.filter(pk=job.pk).update(state="running", progress=40)
    page = signed_in.page(PAGE)
    assert "40% erased" in page
    assert 'hx-trigger="every 2s"' in page
    assert "5 rows still hold an address" in page
    assert signed_in.get(PROGRESS).headers["Location"] == PAGE
    card = signed_in.get(PROGRESS, **HTMX).content.decode()
    assert re.search(r'<progress[^>]* value="40"', card)
    assert "<html" not in card


def test_it_ends_although_its_owner_goes_on_recording(recorded, monkeypatch):
    monkeypatch.setattr(addresses, "BATCH", 1)
    newer: list[CallLog] = []

    def told(done: int, total: int) -> None:
        newer.append(called(recorded, address=V4))
        assert done <= total

    assert addresses.erase(recorded.pk, told) == 5
    assert left() == len(newer) == 5


def test_one_is_under_way_at_a_time_and_twenty_a_day_are_enough(recorded):
    first = erase.begin(recorded)
    assert erase.begin(recorded) == first
    for _ in range(19):
        jobs.run_due()
        erase.begin(recorded)
    jobs.run_due()
    with pytest.raises(limits.TooManyTries):
        erase.begin(recorded)
    assert Job.objects.filter(kind=erase.KIND).count() == 1


def test_too_many_are_told_to_wait(recorded, signed_in):
    for _ in range(20):
        limits.take(erase.LIMIT, limits.account(recorded.pk))
    assert signed_in.post(BEGIN).status_code == 429


def test_exports_that_list_addresses_are_withdrawn(recorded, media):
    _, archive = exported(recorded)
    assert V4 in archive.read("calls.json").decode()
    erase.begin(recorded)
    run_it()
    assert export.latest(recorded) is None
    assert not list(media.rglob("*.zip"))


def test_an_export_that_is_being_written_meanwhile_is_dropped(recorded, media):
    export.begin(recorded)
    writing = jobs.claim()
    assert writing
    export.withdraw(recorded)
    with pytest.raises(JobLost):
        export.write(writing, lambda percent: jobs._advance(writing, percent))
    assert not list(media.rglob("*.zip"))


def test_it_asks_who_is_there(recorded, signed_in):
    with lapse():
        assert asks(signed_in.post(BEGIN))
    assert not Job.objects.exists()


def test_a_failure_is_said(recorded, signed_in, monkeypatch):
    monkeypatch.setattr(addresses, "erase", lambda *_: 1 // 0)
    erase.begin(recorded)
    Job.objects.update(attempts=jobs.TRIES - 1)
    jobs.run_due()
    page = signed_in.page(PAGE)
    assert "Not all of them could be erased." in page
    assert "Erase 5 addresses" in page


def test_an_account_deleted_meanwhile_ends_it(recorded, monkeypatch):
    told = addresses.erase

    def deleted_first(user_id, progress):
        accounts.delete(User.objects.get(pk=user_id))
        progress(1, 2)
        return told(user_id, progress)

    monkeypatch.setattr(addresses, "erase", deleted_first)
    erase.begin(recorded)
    assert jobs.run_due() == 0
    assert not CallLog.objects.exists()
    assert not Job.objects.exists()


def test_htmx_gets_the_card(recorded, signed_in):
    card = signed_in.post(BEGIN, **HTMX)
    assert card.status_code == 200
    assert "Waiting for its turn" in card.content.decode()
