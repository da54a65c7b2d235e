"""The log in the administration: found by what people know, never changed, never counted in full."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from common import callids
from common.admin import CAP, CappedPaginator
from tests.booked import called, draft
from usage.admin import CallLogAdmin
from usage.models import CallLog


@pytest.fixture
def pages() -> CallLogAdmin:
    return CallLogAdmin(CallLog, admin.site)


@pytest.fixture
def request_of(user, rf: RequestFactory):
    user.is_staff = user.is_superuser = True
    user.save()
    request = rf.get("/admin/usage/calllog/")
    request.user = user
    return request


def test_a_search_finds_by_request_id_model_or_account(pages, request_of, user, other):
    mine, theirs = called(user), called(other, model="qwen3-max")

    def found(term):
        return set(pages.get_search_results(request_of, CallLog.objects.all(), term)[0])

    assert found(pages.request_id(mine)) == {mine}
    assert found("qwen3-max") == {theirs}
    assert found("olu") == {theirs}
    assert found("  ") == {mine, theirs}
    assert found("qwen3") == set()
    assert found("\0") == {mine, theirs}


def test_nothing_can_be_added_changed_or_deleted(pages, request_of):
    assert not pages.has_add_permission(request_of)
    assert not pages.has_change_permission(request_of)
    assert not pages.has_delete_permission(request_of)
    assert pages.has_view_permission(request_of)


def test_a_row_shows_request_id_and_charge(pages, user):
    row = called(user, charge=42_000_000)
    assert (pages.charged(row), pages.request_id(row)[:4]) == ("$0.042000", "req_")


def test_an_administrator_reads_list_and_row_in_few_queries(admin_browser, user, django_assert_max_num_queries):
    rows = [called(user, charge=42_000_000) for _ in range(20)]
    with django_assert_max_num_queries(12):
        text = admin_browser.page("/admin/usage/calllog/")
    assert "$0.042000" in text
    assert admin_browser.get(f"/admin/usage/calllog/{rows[0].id}/change/").status_code == 200
    assert admin_browser.page(f"/admin/usage/calllog/?q={callids.request_id(rows[3].id)}").count("req_") >= 1


def test_rows_are_counted_up_to_a_cap(user, monkeypatch):
    CallLog.objects.bulk_create([draft(user) for _ in range(5)])
    assert CappedPaginator(CallLog.objects.order_by("-id"), 2).count == 5
    monkeypatch.setattr("common.admin.CAP", 3)
    assert CappedPaginator(CallLog.objects.order_by("-id"), 2).count == 3
    assert CAP >= 1_000
