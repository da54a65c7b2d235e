"""The page of API keys: shows, saves, refuses."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from common import secretkeys
from common.money import NANO
from gateway import keys
from gateway.models import ApiKey, Channel, Route

NEW = "/keys/new/"
FORM = {"name": "laptop", "limit": "", "period": "month", "expires": "never"}


@pytest.fixture
def page(client, user):
    """A signed-in browser."""
    client.force_login(user)
    return client


@pytest.fixture
def htmx():
    """The headers of a request by htmx."""
    return {"HX-Request": "true"}


def made(user, name="laptop", **rules):
    return keys.mint(user, name, **rules)[0]


def test_signed_out_visitor_is_sent_to_sign_in(client, db):
    assert client.get("/keys/").headers["Location"].startswith(reverse("account_login"))


def test_page_lists_keys_with_limit_and_status(page, user):
    made(user, limit=150 * NANO)

    shown = page.get("/keys/").content.decode()

    assert "laptop" in shown
    assert "of $150.00 / month" in shown
    assert "Active" in shown


def test_page_without_keys_offers_to_create_one(page):
    assert "No keys yet" in page.get("/keys/").content.decode()


@pytest.mark.parametrize("query", ["?status=purple", "?q=" + "x" * 500, "?status=active&q=%00"])
def test_nonsense_in_the_address_is_ignored(page, user, query):
    made(user)

    assert page.get("/keys/" + query).status_code == 200


def test_search_returns_the_table_alone(page, user, htmx):
    made(user, "staging")
    made(user, "laptop")

    shown = page.get("/keys/?q=STAG", headers=htmx).content.decode()

    assert "<html" not in shown
    assert ("staging" in shown, "laptop" in shown) == (True, False)


def test_filter_without_matches_can_be_cleared(page, user):
    made(user)

    assert "Clear filters" in page.get("/keys/?status=disabled").content.decode()


def test_number_of_queries_does_not_grow_with_the_keys(page, user, django_assert_max_num_queries):
    for number in range(30):
        made(user, f"key {number}", limit=NANO)

    with django_assert_max_num_queries(12):
        page.get("/keys/")


@pytest.mark.req("H3")
def test_new_key_is_shown_once_and_never_stored_by_a_browser(page, user):
    answer = page.post(NEW, FORM)

    key = ApiKey.objects.get()
    secret = answer.context["secret"]
    assert secretkeys.digest(secret) == key.digest
    assert secret in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in page.get("/keys/").content.decode()


def test_new_key_in_the_dialog_comes_with_the_new_table(page, user, htmx):
    answer = page.post(NEW, FORM, headers=htmx)

    shown = answer.content.decode()
    assert "<html" not in shown
    assert 'hx-swap-oob="true"' in shown
    assert "Key created" in answer.headers["HX-Trigger"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_form_saves_every_rule(page, user):
    channel = Channel.objects.create(name="main")
    Route.objects.create(channel=channel, model="small")
    tomorrow = timezone.localdate() + timedelta(days=1)

    page.post(
        NEW,
        {
            "name": "ci",
            "limit": "2.50",
            "period": "week",
            "expires": "date",
            "expires_at": tomorrow.isoformat(),
            "allowed_models": ["small"],
            "subnets": "10.0.0.1, 2001:db8::/32",
        },
    )

    key = ApiKey.objects.get()
    assert (key.name, key.limit, key.period, key.allowed_models) == ("ci", 5 * NANO // 2, "week", ["small"])
    assert key.subnets == ["10.0.0.1/32", "2001:db8::/32"]
    assert timezone.localdate(key.expires_at) == tomorrow


@pytest.mark.parametrize(("chosen", "days"), [("30", 30), ("90", 90)])
def test_span_of_days_is_counted_from_now(page, chosen, days):
    page.post(NEW, FORM | {"expires": chosen})

    ends = ApiKey.objects.get().expires_at
    assert ends is not None
    assert timedelta(days=days, minutes=-1) < ends - timezone.now() <= timedelta(days=days)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "taken"}, "name"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"limit": "1e30"}, "limit"),
        ({"limit": "0.00000000001"}, "limit"),
        ({"period": "year"}, "period"),
        ({"expires": "never ever"}, "expires"),
        ({"expires": "date"}, "expires_at"),
        ({"expires": "date", "expires_at": "2020-01-01"}, "expires_at"),
        ({"expires": "date", "expires_at": "soon"}, "expires_at"),
        ({"expires": "date", "expires_at": "9999-12-31"}, "expires_at"),
        ({"name": "a\x00b"}, "name"),
        ({"allowed_models": ["unknown"]}, "allowed_models"),
        ({"subnets": "10.0.0.0/33"}, "subnets"),
    ],
)
def test_form_says_what_is_wrong_beside_the_field(page, user, htmx, changes, field):
    made(user, "taken")

    answer = page.post(NEW, FORM | changes, headers=htmx)

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    shown = answer.content.decode()
    assert f'id="id_{field}_error"' in shown
    assert "<html" not in shown
    assert ApiKey.objects.count() == 1


def test_form_without_javascript_is_a_page_of_its_own(page):
    assert page.get(NEW).content.decode().count("<h1") == 1
    assert page.post(NEW, FORM | {"name": ""}).status_code == 422


@pytest.mark.parametrize(("action", "enabled"), [("disable", False), ("enable", True)])
def test_key_is_switched_without_a_question(page, user, htmx, action, enabled):
    key = made(user)

    answer = page.post(f"/keys/{key.pk}/{action}/", headers=htmx)

    assert answer.status_code == 200
    assert ApiKey.objects.get().enabled is enabled


def test_switch_without_javascript_goes_back_to_the_list(page, user):
    answer = page.post(f"/keys/{made(user).pk}/disable/", follow=True)

    assert answer.redirect_chain == [("/keys/", 302)]
    assert "Key disabled" in answer.content.decode()


def test_list_keeps_its_filter_after_a_switch(page, user, htmx):
    made(user, "other")

    shown = page.post(f"/keys/{made(user).pk}/disable/", {"status": "disabled", "q": ""}, headers=htmx)

    assert [row.key.name for row in shown.context["rows"]] == ["laptop"]


def test_unused_key_is_deleted_after_one_question(page, user):
    key = made(user)
    assert "was never used" in page.get(f"/keys/{key.pk}/delete/").content.decode()

    page.post(f"/keys/{key.pk}/delete/")

    assert not ApiKey.objects.exists()


def test_key_in_use_is_deleted_only_by_its_name(page, user, htmx):
    key = made(user)
    ApiKey.objects.update(last_used_at=timezone.now())

    refused = page.post(f"/keys/{key.pk}/delete/", {"confirm": "lapdog"}, headers=htmx)
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (422, "#key-dialog-body")

    page.post(f"/keys/{key.pk}/delete/", {"confirm": "laptop"}, headers=htmx)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("action", ["disable", "enable", "delete"])
def test_key_of_somebody_else_is_not_found(page, user, django_user_model, group, action):
    other = django_user_model.objects.create_user("lin", "lin@example.com", "correct horse battery", group=group)
    key = made(other)

    assert page.post(f"/keys/{key.pk}/{action}/").status_code == 404
    assert ApiKey.objects.get().enabled


@pytest.mark.parametrize("pk", [0, 2**63, 10**40])
def test_key_that_cannot_be_is_not_found(page, pk):
    assert page.post(f"/keys/{pk}/disable/").status_code == 404


@pytest.mark.parametrize("path", ["disable/", "enable/"])
def test_link_alone_changes_nothing(page, user, path):
    assert page.get(f"/keys/{made(user).pk}/{path}").status_code == 405
