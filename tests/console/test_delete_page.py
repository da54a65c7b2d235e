"""The page on which an account ends."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import jobs
from accounts.models import Job, NameHold, User
from console import export
from gateway import keys
from security.models import SecurityPolicy, Session
from tests.accounts.conftest import admin, admin_browser, browser, new_browser, outbox, signed_in
from tests.booked import called

__all__ = ["admin", "admin_browser", "browser", "new_browser", "outbox", "signed_in"]
PAGE = "/settings/delete/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def lapse():
    """Let the proof of who is there be too old."""
    return time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False)


def asks(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/")


def test_the_page_says_what_goes_with_counts_and_money(owner, signed_in):
    for name in ("laptop", "phone"):
        keys.mint(owner, name)
    for _ in range(3):
        called(owner)
    page = signed_in.page(PAGE)
    told = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert (told["API keys"], told["Calls"], told["Ledger entries"], told["Sessions"]) == ("2", "3", "1", "1")
    assert "Your remaining balance of $3.42 is lost." in page
    assert "Passkeys" not in told, "what is not there is not counted"


def test_without_money_none_is_named(user, signed_in):
    assert "balance of" not in signed_in.page(PAGE)


def test_it_is_the_last_entry_of_the_settings(owner, signed_in):
    tabs = signed_in.page("/settings/profile/").split('class="tabs"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', tabs)[-1] == PAGE
    here = signed_in.page(PAGE).split('class="tabs"')[1].split("</nav>")[0]
    assert re.search(r'href="/settings/delete/" aria-current="page"', here)


@pytest.mark.req("L1")
def test_name_and_proof_delete_the_account(owner, signed_in):
    done = signed_in.post(PAGE, {"username": "mei"})
    assert (done.status_code, done["Location"]) == (302, "/accounts/deleted/")
    assert done["Clear-Site-Data"] == '"cache", "storage"'
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert NameHold.objects.count() == 1
    assert "Your account is deleted" in signed_in.page("/accounts/deleted/")
    assert signed_in.get("/overview/")["Location"].startswith("/accounts/login/")
    assert signed_in.sign_in().status_code == 422


@pytest.mark.req("L1")
@pytest.mark.parametrize("typed", ["Mei", "MEI", " mei", "mei ", "me", "mei@example.com", "", "ｍｅｉ"])  # noqa: RUF001
def test_anything_but_the_exact_name_is_refused(owner, signed_in, typed):
    refused = signed_in.post(PAGE, {"username": typed})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()


@pytest.mark.req("L1", "C1")
def test_the_name_alone_is_not_enough(owner, signed_in):
    with lapse():
        assert asks(signed_in.post(PAGE, {"username": "mei"}))
        assert signed_in.get(PAGE).status_code == 200, "looking is free"
        assert "Confirm deletion" not in signed_in.page(PAGE)
        assert asks(signed_in.get(f"{PAGE}continue/"))
    assert User.objects.filter(pk=owner.pk).exists()


def test_the_proof_leads_back_to_the_page(owner, signed_in):
    assert signed_in.get(f"{PAGE}continue/")["Location"] == PAGE
    assert "Confirm deletion" in signed_in.page(PAGE)


def test_a_stranger_sees_nothing(db, browser):
    for path in (PAGE, f"{PAGE}export/", f"{PAGE}continue/", f"{PAGE}export/1/"):
        assert browser.get(path)["Location"].startswith("/accounts/login/")
    assert browser.post(PAGE, {"username": "mei"})["Location"].startswith("/accounts/login/")
    assert browser.post(f"{PAGE}export/new/")["Location"].startswith("/accounts/login/")


@pytest.mark.req("L5")
def test_the_last_administrator_is_told_to_find_another(admin, admin_browser):
    refused = admin_browser.post(PAGE, {"username": "root"})
    assert refused.status_code == 422
    assert "You are the last administrator." in refused.content.decode()
    assert User.objects.filter(pk=admin.pk).exists()


def test_the_operator_may_forbid_it(owner, signed_in):
    SecurityPolicy.objects.create(self_deletion=False)
    page = signed_in.page(PAGE)
    assert "Only an administrator can delete accounts here." in page
    assert "Confirm deletion" not in page
    assert "Export data" in page
    refused = signed_in.post(PAGE, {"username": "mei"})
    assert refused.status_code == 403
    assert "Only an administrator" in refused.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()


@pytest.mark.req("L3", "B4")
def test_every_other_browser_is_out_at_its_next_request(owner, signed_in, new_browser):
    others = [new_browser() for _ in range(4)]
    for each in others:
        each.sign_in()
    signed_in.post(PAGE, {"username": "mei"})
    for each in others:
        assert each.get("/overview/")["Location"].startswith("/accounts/login/")


def test_an_export_is_asked_for_watched_and_downloaded(owner, signed_in):
    assert signed_in.post(f"{PAGE}export/new/")["Location"] == PAGE
    page = signed_in.page(PAGE)
    assert "Waiting for its turn" in page
    assert 'hx-trigger="every 2s"' in page
    Job.objects.update(state="running", progress=41)
    part = signed_in.page(f"{PAGE}export/", **HTMX)
    assert '<progress id="export-progress" max="100" value="41">' in part
    assert "<html" not in part
    Job.objects.update(state="pending", progress=0)
    assert jobs.run_due() == 1
    part = signed_in.page(f"{PAGE}export/", **HTMX)
    assert "every 2s" not in part, "it stops asking"
    (path,) = re.findall(r'href="(/settings/delete/export/\d+/)"', part)
    sent = signed_in.get(path)
    assert sent["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="tollgate-[\d-]+\.zip"', sent["Content-Disposition"])
    assert "no-store" in sent["Cache-Control"]
    assert b"".join(sent.streaming_content).startswith(b"PK")


def test_the_fragment_by_itself_leads_to_the_page(owner, signed_in):
    assert signed_in.get(f"{PAGE}export/")["Location"] == PAGE


def test_htmx_is_answered_with_the_card(owner, signed_in):
    part = signed_in.post(f"{PAGE}export/new/", **HTMX).content.decode()
    assert part.strip().startswith('<section class="card" id="export"')


@pytest.mark.req("C1")
def test_an_export_needs_a_proof_to_begin_and_to_be_sent(owner, signed_in):
    export.begin(owner)
    jobs.run_due()
    job = Job.objects.get()
    with lapse():
        assert asks(signed_in.post(f"{PAGE}export/new/"))
        assert asks(signed_in.get(f"{PAGE}export/{job.pk}/"))
    assert Job.objects.get() == job


@pytest.mark.req("I16")
def test_an_export_of_another_is_not_found(owner, signed_in, group):
    other = User.objects.create_user("eve", "eve@example.com", "correct horse battery", group=group)
    export.begin(other)
    jobs.run_due()
    assert signed_in.get(f"{PAGE}export/{Job.objects.get().pk}/").status_code == 404


@pytest.mark.parametrize("state", ["pending", "running", "failed"])
def test_an_export_that_is_not_there_is_not_found(owner, signed_in, state):
    job = export.begin(owner)
    Job.objects.update(state=state)
    assert signed_in.get(f"{PAGE}export/{job.pk}/").status_code == 404


def test_a_job_of_another_kind_is_no_download(owner, signed_in, monkeypatch):
    monkeypatch.setattr(jobs, "KINDS", {"accounts.jobs.prune"})
    job = jobs.queue(owner, "accounts.jobs.prune")
    Job.objects.update(state="done", result="../../secret_key")
    assert signed_in.get(f"{PAGE}export/{job.pk}/").status_code == 404


def test_a_failed_export_can_be_asked_for_again(owner, signed_in):
    export.begin(owner)
    Job.objects.update(state="failed", finished_at=timezone.now())
    page = signed_in.page(PAGE)
    assert "It could not be written." in page
    assert "Export again" in page


@pytest.mark.usefixtures("noon")
def test_a_sixth_export_in_a_day_is_refused(owner, signed_in):
    for _ in range(5):
        assert signed_in.post(f"{PAGE}export/new/").status_code == 302
        jobs.run_due()
    refused = signed_in.post(f"{PAGE}export/new/")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(owner, signed_in, method):
    assert getattr(signed_in, method)(PAGE).status_code == 405


def test_asking_for_an_export_is_no_get(owner, signed_in):
    assert signed_in.get(f"{PAGE}export/new/").status_code == 405


def test_the_page_speaks_chinese(owner, signed_in):
    User.objects.update(language="zh-hans")
    page = signed_in.page(PAGE)
    assert "您的剩余余额 $3.42 将会丢失。" in page
    assert "确认删除" in page


def test_the_page_costs_few_queries(owner, signed_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        signed_in.get(PAGE)
