"""The notifications page: shows, saves each card by itself, refuses by field."""

import pytest

from common.money import NANO
from notifications import changes, courier, methods, outbox, thresholds
from notifications.models import Delivery, Method, Threshold
from notifications.transports import TRANSPORTS
from notifications.transports.webhook import WebhookTarget
from wallet import ledger

PAGE = "/settings/notifications/"
HTMX = {"HX-Request": "true"}
EVENTS = ["quota.low", "quota.exhausted", "key.limit", "security.new-device", "credentials"]
HOOK = {"url": "https://192.0.2.1/hook", "format": "standard", "enabled": "on", "events": EVENTS}


@pytest.fixture(autouse=True)
def anywhere(monkeypatch):
    """Let forms take any address; the door itself has tests of its own."""
    monkeypatch.setattr("common.outbound.check_reach", lambda _url: None)


@pytest.fixture
def mei(user, client):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 342 * NANO // 100, reference="some")
    client.force_login(user)
    return user


def text(answer) -> str:
    return answer.content.decode()


def webhook(user) -> WebhookTarget:
    target = changes.target_of(methods.one(user, "webhook"))
    assert isinstance(target, WebhookTarget)
    return target


def test_it_shows_balance_methods_and_deliveries(mei, client, django_assert_max_num_queries):
    thresholds.save(mei, main=5 * NANO, further=[NANO])
    outbox.put(user=mei, event="quota.low", method="webhook", subject="Balance below $5.00", payload="x")
    with django_assert_max_num_queries(30):
        shown = text(client.get(PAGE))
    for words in ("$3.42", 'value="5.00"', 'value="1.00"', "Already below the warning", "mei@example.com",
                  "Push from your own Gotify server", "Balance below $5.00"):  # fmt: skip
        assert words in shown, words
    assert "Nobody will be told" not in shown


def test_looking_writes_nothing(mei, client):
    client.get(PAGE)
    assert not Method.objects.exists()


def test_a_threshold_is_saved(mei, client):
    answer = client.post(PAGE, {"threshold": "2.50", "further_thresholds": "$20, 10  1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert thresholds.of(mei.pk) == thresholds.Thresholds(
        25 * NANO // 10, (20 * NANO, 10 * NANO, NANO), frozenset([20 * NANO, 10 * NANO])
    )


def test_htmx_gets_the_card_and_a_toast(mei, client):
    answer = client.post(PAGE, {"threshold": "20"}, headers=HTMX)
    assert answer.status_code == 200
    assert "Quota warning saved" in answer.headers["HX-Trigger"]
    assert text(answer).lstrip().startswith("<form")
    assert "Already below the warning" in text(answer)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threshold": "-1"}, "threshold"),
        ({"threshold": "a lot"}, "threshold"),
        ({"threshold": ""}, "threshold"),
        ({"threshold": "NaN"}, "threshold"),
        ({"threshold": "99999999999999"}, "threshold"),
        ({"threshold": "1", "further_thresholds": "1"}, "further_thresholds"),
        ({"threshold": "1", "further_thresholds": "much"}, "further_thresholds"),
        ({"threshold": "1", "further_thresholds": "0"}, "further_thresholds"),
        ({"threshold": "1", "further_thresholds": "2 3 4 5 6 7"}, "further_thresholds"),
        ({"threshold": "1", "further_thresholds": "1e400 Infinity"}, "further_thresholds"),
    ],
)
def test_what_is_no_amount_is_refused_beside_its_field(mei, client, given, field):
    before = list(Threshold.objects.values_list("amount", "main"))
    answer = client.post(PAGE, given)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert list(Threshold.objects.values_list("amount", "main")) == before


def test_a_webhook_is_saved_and_its_new_secret_shown_once(mei, client):
    answer = client.post(f"{PAGE}webhook/save/", HOOK)
    secret = webhook(mei).secrets[0].text
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert secret in text(answer)
    shown = text(client.get(PAGE))
    assert secret not in shown
    assert "192.0.2.1" in shown


def test_saving_again_asks_for_no_secret_and_loses_none(mei, client):
    client.post(f"{PAGE}webhook/save/", HOOK)
    before = webhook(mei)
    answer = client.post(f"{PAGE}webhook/save/", {**HOOK, "url": "https://192.0.2.2/hook"}, headers=HTMX)
    assert "Webhook saved" in answer.headers["HX-Trigger"]
    assert (webhook(mei).url, webhook(mei).secrets) == ("https://192.0.2.2/hook", before.secrets)


def test_a_key_in_a_url_is_hidden_and_stays_where_it_comes_back_hidden(mei, client):
    url = "https://api.day.app/QxThisIsTheKeyOfADevice/{{title}}/{{content}}"
    bark = {"url": url, "enabled": "on", "level": "timeSensitive", "group": "money", "sound": "", "events": EVENTS}
    client.post(f"{PAGE}bark/save/", bark)
    shown = text(client.get(PAGE))
    assert "ThisIsTheKey" not in shown
    hidden = "https://api.day.app/Qx…/{{title}}/{{content}}"
    assert hidden in shown
    client.post(f"{PAGE}bark/save/", {**bark, "url": hidden, "sound": "minuet"})
    target = changes.target_of(methods.one(mei, "bark"))
    assert target == TRANSPORTS["bark"].Target(url, "timeSensitive", "money", "minuet")


def test_urls_as_apprise_writes_them_are_taken(mei, client):
    client.post(f"{PAGE}gotify/save/", {"url": "gotifys://192.0.2.9/AnAppsToken.1?priority=high", "enabled": "on"})
    target = changes.target_of(methods.one(mei, "gotify"))
    assert target == TRANSPORTS["gotify"].Target("https://192.0.2.9", "AnAppsToken.1", 8)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("webhook", {"enabled": "on"}, "url"),
        ("webhook", {"url": "ftp://x"}, "url"),
        ("webhook", {**HOOK, "format": "pigeon"}, "format"),
        ("webhook", {**HOOK, "secret": "short"}, "secret"),
        ("webhook", {**HOOK, "events": ["nonsense"]}, "events"),
        ("bark", {"url": "https://api.day.app/key", "enabled": "on"}, "url"),
        ("gotify", {"url": "https://192.0.2.9", "enabled": "on"}, "token"),
        ("gotify", {"url": "https://192.0.2.9", "token": "abc", "priority": "11"}, "priority"),
        ("email", {"address": "nobody"}, "address"),
        ("email", {"address": "a@example.org\r\nBcc: b@example.org"}, "address"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_leads_nowhere_is_refused_beside_its_field(mei, client, kind, given, field, headers):
    answer = client.post(f"{PAGE}{kind}/save/", given, headers=headers)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text(answer)
    assert f'id="{kind}_{field}_error"' in text(answer)
    assert "<!doctype" not in text(answer).lower() or not headers
    assert not Method.objects.exists()


def test_events_are_chosen_for_each_method(mei, client):
    client.post(f"{PAGE}webhook/save/", {**HOOK, "events": ["quota.low"]})
    assert set(methods.one(mei, "webhook").muted) == set(EVENTS) - {"quota.low"}
    client.post(f"{PAGE}webhook/save/", HOOK)
    assert methods.one(mei, "webhook").muted == []


def test_what_concerns_the_installation_is_offered_to_administrators_alone(mei, client):
    assert "model.unserved" not in text(client.get(PAGE))
    mei.is_staff = mei.is_superuser = True
    mei.save()
    assert "model.unserved" in text(client.get(PAGE))


def test_nobody_is_told_where_nothing_is_on(mei, client):
    client.post(f"{PAGE}email/save/", {"address": ""})
    assert "Nobody will be told" in text(client.get(PAGE))


def test_a_method_is_removed_with_its_secrets(mei, client):
    client.post(f"{PAGE}webhook/save/", HOOK)
    assert client.post(f"{PAGE}webhook/remove/").status_code == 302
    assert not Method.objects.exists()


def test_a_secret_is_replaced_and_both_sign_for_a_day(mei, client):
    client.post(f"{PAGE}webhook/save/", HOOK)
    before = webhook(mei).secrets[0]
    answer = client.post(f"{PAGE}webhook/rotate/")
    new, old = webhook(mei).secrets
    assert new.text in text(answer)
    assert (old.text, old.until is None, new.until) == (before.text, False, None)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.req("J11")
def test_tests_are_limited_to_five_a_minute(mei, client, noon):
    client.post(f"{PAGE}webhook/save/", HOOK)
    told = [client.post(f"{PAGE}webhook/test/", headers=HTMX).headers["HX-Trigger"] for _ in range(7)]
    assert ["Five tests a minute" in words for words in told] == [False] * 5 + [True] * 2
    assert Delivery.objects.filter(event="test").count() == 5


def test_a_test_asks_for_itself_until_it_has_arrived(mei, client, files):
    answer = client.post(f"{PAGE}email/test/", headers=HTMX)
    assert 'hx-trigger="every 2s"' in text(answer)
    courier.deliver_due()
    shown = text(client.get(f"{PAGE}email/", headers=HTMX))
    assert "every 2s" not in shown
    assert "written to" in shown


def test_there_is_no_test_where_nothing_was_entered(mei, client):
    assert "Save where messages go first." in client.post(f"{PAGE}gotify/test/", headers=HTMX).headers["HX-Trigger"]
    assert client.post(f"{PAGE}webhook/rotate/").status_code == 404


@pytest.mark.parametrize("verb", ["save", "test", "remove"])
def test_there_are_four_methods(mei, client, verb):
    assert client.post(f"{PAGE}pigeon/{verb}/").status_code == 404


def test_each_page_leaves_the_other_areas_alone(mei, client):
    client.post("/settings/privacy/", {"record_ip": "on"})
    client.post(f"{PAGE}webhook/save/", HOOK)
    client.post(PAGE, {"threshold": "7"})
    client.post(f"{PAGE}email/save/", {"enabled": "on", "address": "", "events": EVENTS})
    mei.refresh_from_db()
    assert mei.privacy_settings.record_ip
    assert webhook(mei).url == HOOK["url"]
    assert thresholds.of(mei.pk).main == 7 * NANO
    client.post("/settings/privacy/", {})
    assert thresholds.of(mei.pk).main == 7 * NANO
    assert methods.one(mei, "webhook").enabled
