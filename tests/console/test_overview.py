"""The overview: figures, errors, first steps, and how to connect."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from common.charts import SERIES
from common.money import NANO
from console import overview
from gateway import keys
from tests.booked import called, refused
from wallet import ledger
from wallet.ledger import Balance
from wallet.models import Wallet

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def shown(page, path="/overview/", **headers):
    answer = page.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_root_leads_who_is_signed_in_to_the_overview(page):
    for ask in (page.get, page.head):
        answer = ask("/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/overview/")


def test_signed_out_visitors_are_sent_to_sign_in(client, db):
    for path in ("/", "/overview/", "/settings/"):
        for ask in (client.get, client.head):
            answer = ask(path)
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith(reverse("account_login"))


def test_figures_equal_the_rows(user):
    called(user, NOW, charge=3 * NANO, input_tokens=600_000, output_tokens=400_000)
    called(user, NOW - timedelta(days=2), model="qwen3-max", charge=NANO, input_tokens=10, output_tokens=0)
    refused(user, NOW, model="qwen3-max")
    called(user, NOW - timedelta(days=8), charge=2 * NANO)

    figures = overview.figures(user, days=7, now=NOW)

    assert (figures.total.paid, figures.requests, figures.success) == (4 * NANO, 3, "66.67")
    assert (figures.rise, figures.fall) == ("100.0", None)
    assert [(share.name, share.use.paid, share.percent) for share in figures.shares] == [
        ("gpt-5-mini", 3 * NANO, 75.0),
        ("qwen3-max", NANO, 25.0),
    ]
    assert figures.shares[0].use.per_million == 3 * NANO
    assert [values for _, values in figures.bars][-1] == [3 * NANO, 0]
    assert figures.sparks["requests"] == [0, 0, 0, 0, 1, 0, 2]
    assert figures.week == 4 * NANO


def test_a_fall_is_a_fall_and_without_a_past_there_is_nothing_to_compare(user):
    called(user, NOW, charge=NANO)
    assert overview.figures(user, days=7, now=NOW).change is None
    called(user, NOW - timedelta(days=7), charge=4 * NANO)
    figures = overview.figures(user, days=7, now=NOW)
    assert (figures.rise, figures.fall) == (None, "75.0")


def test_success_is_never_rounded_up_to_all(user):
    for _ in range(3):
        called(user, NOW)
    assert overview.figures(user, days=7, now=NOW).success == "100"
    assert overview.figures(type(user)(pk=0), days=7, now=NOW).success == ""


def test_models_without_a_color_of_their_own_are_summed_up(user):
    for number in range(SERIES + 3):
        called(user, NOW, model=f"model-{number}", charge=(100 - number) * NANO)
    figures = overview.figures(user, days=7, now=NOW)
    assert figures.names == [f"model-{number}" for number in range(SERIES - 1)] + ["Other models"]
    assert sum(share.use.paid for share in figures.shares) == figures.total.paid
    assert sum(figures.bars[-1][1]) == figures.total.paid


def test_models_that_were_only_refused_get_no_share(user):
    refused(user, NOW, model="refused-model")
    assert overview.figures(user, days=7, now=NOW).shares == []


@pytest.mark.parametrize(
    ("free", "week", "words"),
    [
        (7 * NANO, 7 * NANO, "about 7 days left"),
        (NANO, 7 * NANO, "about 24 hours left"),
        (NANO, 168 * NANO, "about 1 hour left"),
        (10**6 * NANO, NANO, "more than a year left"),
        (0, NANO, ""),
        (-NANO, NANO, ""),
        (NANO, 0, ""),
    ],
)
def test_a_balance_lasts_at_the_pace_of_the_week(free, week, words):
    assert overview.runway(Balance(free=free), week) == words


def test_a_new_account_sees_three_steps_that_tick_themselves(page, user):
    assert "First steps" in shown(page)
    assert overview.steps(user) == overview.Steps(key=False, reached=False, answered=False)
    keys.mint(user, "laptop")
    assert overview.steps(user) == overview.Steps(key=True, reached=False, answered=False)
    refused(user)
    assert overview.steps(user) == overview.Steps(key=True, reached=True, answered=False)
    assert shown(page).count('class="done"') == 2
    called(user)
    assert overview.steps(user).done
    assert "First steps" not in shown(page)


def test_the_page_shows_balance_spend_requests_and_tokens(page, user):
    ledger.credit(user.pk, 20 * NANO, reference="c")
    called(user, timezone.now(), charge=3 * NANO, input_tokens=71_200_000, output_tokens=20_400_000)
    text = shown(page)
    for part in ("$20.00", "$3.00", "91.6M", "71.2M in, 20.4M out", "100% succeeded", "gpt-5-mini", "By model"):
        assert part in text


@pytest.mark.parametrize("query", ["", "?range=7d", "?range=14d", "?range=30d", "?range=", "?range=%00", "?range=99y"])
def test_any_range_answers(page, user, query):
    called(user)
    assert "Spend by day" in shown(page, f"/overview/{query}")


def test_the_table_beside_the_chart_has_a_row_for_every_day(page, user):
    called(user)
    assert shown(page, "/overview/?range=14d").count('<th scope="row"') == 14


def test_recent_errors_say_why_and_link_to_what_mends_them(page, user):
    called(user)
    refused(user, code="model_price_not_set", status=403, model="mj-v7-fast")
    text = shown(page)
    assert "Model has no price" in text
    assert f'href="{reverse("settings_pricing")}"' in text
    assert f'href="{reverse("usage_log")}?kind=error"' in text


def test_the_base_url_comes_from_the_settings_never_from_the_request(page, settings):
    settings.BASE_URL = "https://gate.example.com"
    text = shown(page)
    assert "https://gate.example.com/v1" in text
    assert "testserver" not in text


def test_an_empty_or_owing_wallet_is_said_on_top(page, user):
    assert "Your balance is used up." in shown(page)
    ledger.credit(user.pk, NANO, reference="c")
    assert "used up" not in shown(page)
    Wallet.objects.filter(pk=user.pk).update(owed=NANO)
    assert "$1.00 is still owed." in shown(page)


def test_htmx_gets_the_figures_without_the_frame(page, user):
    called(user)
    part = shown(page, "/overview/?range=7d", **{"HX-Request": "true"})
    assert "Last 7 days" in part
    assert "<html" not in part


def test_figures_of_others_are_never_shown(page, user, group):
    other = type(user).objects.create_user("olu", "olu@example.com", "x", group=group)
    called(other, model="secret-model", charge=99 * NANO)
    text = shown(page)
    assert "secret-model" not in text
    assert "$99.00" not in text


def test_the_page_costs_few_queries_however_much_was_called(page, user, django_assert_max_num_queries):
    now = timezone.now()
    for number in range(60):
        called(user, now - timedelta(hours=7 * number), model=f"model-{number % 9}")
        refused(user, now - timedelta(hours=7 * number))
    with django_assert_max_num_queries(20):
        shown(page)


def test_the_sidebar_shows_the_balance_with_one_query_and_only_where_it_is_drawn(page, user):
    ledger.credit(user.pk, 12 * NANO, reference="c")
    purse = page.get("/overview/").context["purse"]
    assert (purse.free, purse.total, purse.percent, purse.kind) == (12 * NANO, 12 * NANO, 100.0, "")


@pytest.mark.parametrize(
    ("balance", "held", "percent", "kind"),
    [(3 * NANO, NANO, 75.0, ""), (NANO // 2, 0, 100.0, "warn"), (0, NANO, 0.0, "bad"), (-NANO, NANO, 0.0, "bad")],
)
def test_a_low_balance_shows_in_the_purse(page, user, balance, held, percent, kind):
    Wallet.objects.filter(pk=user.pk).update(balance=balance, held=held, credit_limit=NANO)
    purse = page.get("/overview/").context["purse"]
    assert (purse.percent, purse.kind) == (percent, kind)


def test_signed_out_pages_have_no_purse(client, db):
    assert "purse" not in client.get(reverse("account_login")).context
