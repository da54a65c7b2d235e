"""The page of the log: shows, filters, pages, refuses nothing with a 500."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from common import callids
from privacy.models import PrivacyPolicy
from tests.booked import book, called, draft, refused
from usage.calls import PAGE
from usage.mending import MENDED_ON, WORDS, mend

LOG = "/logs/usage/"
HTMX = {"HX-Request": "true"}


def shown(page, query="", **headers):
    answer = page.get(LOG + query, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_signed_out_visitor_is_sent_to_sign_in(client, db):
    answer = client.get(LOG)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))


def test_only_reading_is_allowed(page):
    assert page.post(LOG).status_code == 405
    assert page.head(LOG).status_code == 200


def test_a_call_shows_model_key_tokens_charge_and_times(page, user):
    row = called(
        user, model="qwen3-max", api_key="backend", input_tokens=12_345, output_tokens=678, cached_tokens=9_000,
        charge=42_000_000, latency_ms=2_400, ttfb_ms=310, stream=True,
    )  # fmt: skip
    text = shown(page)
    for part in (
        "qwen3-max",
        "backend",
        "12,345 / 678",
        "9,000 cached",
        "$0.042000",
        "2.40 s",
        "310 ms",
        "Paid",
        "Stream",
    ):
        assert part in text
    assert callids.request_id(row.id) in text


def test_details_say_units_source_estimate_and_shortfall(page, user):
    called(
        user, reasoning_tokens=64, cache_write_tokens=32, audio_input_tokens=8, audio_output_tokens=4, charge=7,
        shortfall=3, price_source="fallback", estimated=True,
    )  # fmt: skip
    text = shown(page)
    for part in ("of these reasoning", "of these written to the cache", "Not covered by the balance", "$0.000000007"):
        assert part in text
    assert "the fallback price" in text
    assert "estimated: the upstream reported none" in text


@pytest.mark.parametrize(
    ("code", "status", "words", "page_name"),
    [
        ("model_price_not_set", 403, "Model has no price", "settings_pricing"),
        ("insufficient_quota", 402, "Balance too low", "wallet"),
        ("key_limit_reached", 402, "Limit of the key reached", "keys"),
    ],
)
def test_an_error_says_why_and_links_to_the_page_that_mends_it(page, user, code, status, words, page_name):
    refused(user, code=code, status=status, reason="Our own words about it.")
    text = shown(page)
    assert words in text
    assert "Our own words about it." in text
    assert f'href="{reverse(page_name)}"' in text


def test_an_answer_that_ended_early_says_so_and_why(page, user):
    called(user, status=499, reason="The client left before the end.", estimated=True, stream=True)
    text = shown(page)
    for part in ("Cut short", "The client left before the end.", "Estimated", "Paid"):
        assert part in text


def test_what_the_upstream_refused_is_no_failure_of_the_upstream(page, user):
    refused(user, code="upstream_error", status=400, model="asked-wrong")
    assert "Upstream refused the request" in shown(page)
    refused(user, code="upstream_error", status=502, model="asked-right")
    assert "Upstream failed" in shown(page, "?model=asked-right")


def test_a_code_without_words_is_shown_as_it_is(page, user):
    refused(user, code="brand_new_code", status=418)
    assert "brand_new_code" in shown(page)


def test_every_mended_code_has_words_and_an_existing_page():
    assert set(MENDED_ON) <= set(WORDS)
    assert all(mend(code) for code in MENDED_ON)
    assert mend("upstream_error") is None


def test_calls_of_others_are_never_shown_nor_found(page, other):
    row = called(other, model="secret-model", api_key="secret-key")
    for query in ("", "?model=secret-model", f"?request={callids.request_id(row.id)}"):
        text = shown(page, query)
        assert "secret-key" not in text
        assert "No calls" in text


def test_filters_stand_in_the_address_and_combine(page, user):
    called(user, model="alpha", api_key="one")
    called(user, model="beta", api_key="two")
    refused(user, model="beta", api_key="two", reason="Refused for the test.")

    assert "one</span>" not in shown(page, "?model=beta")
    text = shown(page, "?model=beta&kind=error&key=two")
    assert "Refused for the test." in text
    assert 'value="beta" selected' in text
    assert "model=beta" in text.split('aria-current="true"')[0]


def test_totals_follow_the_filter(page, user):
    called(user, model="alpha", charge=2_000_000_000)
    called(user, model="beta", charge=3_000_000_000)
    assert "$5.00</dd>" in shown(page)
    assert "$3.00</dd>" in shown(page, "?model=beta")


def test_the_period_is_thirty_days_unless_asked_otherwise(page, user):
    called(user, timezone.now() - timedelta(days=40), model="long-ago")
    assert "Show all time" in shown(page)
    assert "long-ago" in shown(page, "?period=all")
    called(user, timezone.now() - timedelta(days=2), model="some-days-ago")
    assert "some-days-ago" in shown(page, "?period=7d")
    assert "some-days-ago" not in shown(page, "?period=24h")


def test_a_request_id_finds_its_one_call_whatever_its_age(page, user):
    row = called(user, timezone.now() - timedelta(days=300), model="found-again")
    called(user, model="another")
    text = shown(page, f"?request={callids.request_id(row.id)}")
    assert "found-again" in text
    assert "another</span>" not in text


def test_older_and_newest_lead_through_all_rows_and_keep_the_filter(page, user):
    start = timezone.now() - timedelta(minutes=PAGE + 10)
    rows = book([draft(user, start + timedelta(minutes=number)) for number in range(PAGE + 4)])
    oldest = callids.request_id(rows[0].id)

    first = page.get(LOG + "?model=gpt-5-mini")
    second = page.get(first.context["older"])

    assert oldest not in first.content.decode()
    assert oldest in second.content.decode()
    assert second.context["older"] is None
    assert "model=gpt-5-mini" in second.context["newest"]
    assert "before" not in second.context["newest"]


@pytest.mark.parametrize(
    "query",
    [
        "?kind=purple",
        "?period=never",
        "?before=",
        "?before=x",
        "?before=-1",
        "?before=0",
        "?before=9223372036854775808",
        "?before=" + "9" * 400,
        "?model=%00",
        "?model=" + "x" * 5000,
        "?key=%FF%FE",
        "?model=%F0%9F%92%B8",
        "?unknown=1&page=7",
        "?request=%00",
        "?kind=ok&kind=error",
    ],
)
def test_filters_that_make_no_sense_are_ignored_or_find_nothing(page, user, query):
    called(user)
    shown(page, query)


@pytest.mark.parametrize("text", ["x", "req_", "req_zz", "req_ffffffffffffffff", "req_" + "0" * 16, "9" * 60, "💸"])
def test_a_request_id_that_is_none_finds_nothing(page, user, text):
    called(user)
    assert "No calls match" in shown(page, f"?request={text}")


def test_what_the_address_names_is_offered_though_nothing_matches(page, user):
    called(user)
    text = shown(page, "?model=gone-model")
    assert 'value="gone-model" selected' in text
    assert "Clear filters" in text


def test_an_account_without_calls_reads_what_fills_the_page(page):
    assert "No calls in this period" in shown(page)


def test_addresses_have_a_column_only_where_one_was_recorded(page, user):
    called(user)
    assert "Address" not in shown(page)
    called(user, address="2001:db8::7")
    text = shown(page)
    assert "Address" in text
    assert "2001:db8::7" in text


def test_htmx_gets_the_list_without_the_frame(page, user):
    called(user)
    part = shown(page, "", **HTMX)
    assert "<html" not in part
    assert "gpt-5-mini" in part
    assert "<html" in shown(page, "", **HTMX, **{"HX-History-Restore-Request": "true"})


def test_how_long_rows_are_kept_is_said_as_the_operator_decided(page):
    assert "Calls are kept for 365 days, errors for 30." in shown(page)
    PrivacyPolicy.objects.create(pk=1, call_days=90, error_days=7)
    assert "Calls are kept for 90 days, errors for 7." in shown(page)


def test_names_are_text_never_markup(page, user):
    called(user, model="<script>alert(1)</script>", api_key="{{ 7|add:7 }}")
    text = shown(page)
    assert "<script>alert" not in text
    assert "{{ 7|add:7 }}" in text


@pytest.mark.parametrize("query", ["", "?kind=error", "?model=gpt-5-mini&key=laptop&kind=ok"])
def test_a_full_page_costs_few_queries_however_many_rows_there_are(page, user, query, django_assert_max_num_queries):
    now = timezone.now()
    book([draft(user, now - timedelta(minutes=number)) for number in range(3 * PAGE)])
    for number in range(PAGE):
        refused(user, now - timedelta(minutes=number))
    with django_assert_max_num_queries(12):
        shown(page, query)
