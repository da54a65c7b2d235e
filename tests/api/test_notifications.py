"""/api/settings/notifications and /api/deliveries."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.money import NANO
from notifications import changes, methods, outbox, thresholds
from notifications.models import Delivery, Method
from notifications.transports.webhook import WebhookTarget
from tests.api.conftest import error, program
from tests.scale import scaled
from wallet import ledger

AREA = "/settings/notifications"
SECRET = "whsec_" + "A" * 43 + "="
EVERY = ["quota.low", "quota.exhausted", "key.limit", "security.new-device", "credentials"]


@pytest.fixture(autouse=True)
def anywhere(monkeypatch):
    """Let fields take any address; the door itself has tests of its own."""
    monkeypatch.setattr("common.outbound.check_reach", lambda _url: None)


@pytest.fixture
def api(user):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 342 * NANO // 100, reference="some")
    return program(user)


def test_thresholds_are_shown_and_changed_one_by_one(api):
    assert api.get(AREA).json() == {
        "threshold_usd": "1.00", "further_thresholds_usd": [], "fired_usd": [], "total_usd": "3.42"
    }  # fmt: skip
    api.patch(AREA, {"further_thresholds_usd": ["20", "2.5"]})
    assert api.patch(AREA, {"threshold_usd": "5.00"}).json() == {
        "threshold_usd": "5.00", "further_thresholds_usd": ["20.00", "2.50"], "fired_usd": ["20.00", "5.00"],
        "total_usd": "3.42",
    }  # fmt: skip
    assert api.patch(AREA, {"threshold_usd": "0"}).json()["threshold_usd"] == "0.00"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"threshold_usd": "-1"}, "threshold_usd"),
        ({"threshold_usd": 5}, "threshold_usd"),
        ({"further_thresholds_usd": ["1"]}, "further_thresholds_usd"),
        ({"further_thresholds_usd": ["0"]}, "further_thresholds_usd"),
        ({"further_thresholds_usd": ["2", "3", "4", "5", "6", "7"]}, "further_thresholds_usd"),
        ({"threshold": "5"}, "threshold"),
    ],
)
def test_what_is_no_threshold_is_refused_by_field(api, user, body, param):
    answer = api.patch(AREA, body)
    assert answer.status_code == 422
    assert str(error(answer)["param"]).startswith(param)
    assert thresholds.of(user.pk) == thresholds.Thresholds(NANO)


def test_mail_is_on_before_anybody_has_chosen(api):
    shown = api.get(f"{AREA}/email").json()
    assert (shown["enabled"], shown["address"], shown["events"]) == (True, "mei@example.com", EVERY)
    assert not Method.objects.exists()


@pytest.mark.req("H7")
def test_secrets_are_taken_and_never_given(api, user):
    api.put(f"{AREA}/webhook", {"enabled": True, "url": "https://192.0.2.1/hook", "secret": SECRET})
    api.put(f"{AREA}/gotify", {"enabled": True, "url": "https://192.0.2.1", "token": "AppTokenOfMine"})
    api.put(f"{AREA}/bark", {"url": "https://192.0.2.1/TheKeyOfTheDevice/{{title}}"})
    said = "".join(api.get(f"{AREA}/{kind}").content.decode() for kind in ("webhook", "gotify", "bark"))
    for secret in (SECRET, "AppTokenOfMine", "TheKeyOfTheDevice"):
        assert secret not in said
    target = changes.target_of(methods.one(user, "webhook"))
    assert isinstance(target, WebhookTarget)
    assert target.secrets[0].text == SECRET


def test_what_is_left_out_stays(api, user):
    api.put(f"{AREA}/gotify", {"enabled": True, "url": "https://192.0.2.1", "token": "AppTokenOfMine", "priority": 8})
    answer = api.put(f"{AREA}/gotify", {"events": ["quota.low"]})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["enabled"], shown["priority"], shown["events"]) == (True, 8, ["quota.low"])
    assert api.put(f"{AREA}/gotify", {"priority": 0}).json()["priority"] == 0
    assert api.put(f"{AREA}/gotify", {"enabled": False}).json()["url"] == "https://192.0.2.1"


def test_what_is_read_can_be_sent_back(api, user):
    api.put(f"{AREA}/bark", {"enabled": True, "url": "https://192.0.2.1/TheKeyOfTheDevice/{{title}}", "group": "money"})
    before = Method.objects.get(kind="bark").target
    shown = api.get(f"{AREA}/bark").json()
    api.put(f"{AREA}/bark", {name: shown[name] for name in ("enabled", "url", "level", "group", "sound")})
    assert Method.objects.get(kind="bark").target == before


@pytest.mark.parametrize(
    ("kind", "body", "param"),
    [
        ("webhook", {"enabled": True}, "url"),
        ("webhook", {"url": "https://user:pw@192.0.2.1/"}, "url"),
        ("webhook", {"url": "https://192.0.2.1/", "secret": "x"}, "secret"),
        ("bark", {"url": "https://192.0.2.1/key"}, "url"),
        ("gotify", {"url": "https://192.0.2.1"}, "token"),
        ("gotify", {"priority": 11}, "priority"),
        ("email", {"address": "nobody"}, "address"),
        ("email", {"events": ["model.unserved"]}, "events"),
        ("email", {"url": "https://192.0.2.1/"}, "url"),
    ],
)
def test_what_leads_nowhere_is_refused_by_field(api, kind, body, param):
    answer = api.put(f"{AREA}/{kind}", body)
    assert (answer.status_code, error(answer)["param"]) == (422, param)
    assert not Method.objects.exists()


@pytest.mark.req("J11")
def test_tests_are_limited_over_all_methods(api, noon):
    api.put(f"{AREA}/webhook", {"url": "https://192.0.2.1/hook"})
    told = [api.post(f"{AREA}/{kind}/test", None).status_code for kind in ["webhook", "email"] * 3]
    assert told == [202] * 5 + [429]
    answer = api.post(f"{AREA}/bark/test", None)
    assert (answer.status_code, error(answer)["code"]) == (409, "conflict")


def test_deliveries_are_listed_newest_first_in_pages(api, user):
    Delivery.objects.all().delete()  # that a token was made
    rows = [outbox.put(user=user, event="quota.low", method="email", subject=f"{n}", payload="x") for n in range(51)]
    page = api.get("/deliveries").json()
    assert [row["subject"] for row in page["items"][:2]] == ["50", "49"]
    first = page["items"][0]
    assert (first["message_id"], first["state"], first["attempts"]) == (f"msg_{rows[50].pk}", "pending", 0)
    rest = api.get(f"/deliveries?cursor={page['next']}").json()
    assert ([row["subject"] for row in rest["items"]], rest["next"]) == (["0"], None)


URLS = st.sampled_from(["https://192.0.2.1/hook", "https://192.0.2.2/other?key=value-that-is-long"])
WEBHOOK = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "url": URLS,
        "format": st.sampled_from(["standard", "slack"]),
        "events": st.lists(st.sampled_from(EVERY), unique=True),
    },
)
THRESHOLDS = st.fixed_dictionaries(
    {}, optional={"threshold_usd": st.sampled_from(["0", "4", "9"]), "further_thresholds_usd": st.just(["7", "2"])}
)
SAVES = st.lists(st.one_of(st.tuples(st.just("webhook"), WEBHOOK), st.tuples(st.just(""), THRESHOLDS)), max_size=8)


@settings(
    max_examples=scaled(600, least=30),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(saves=SAVES)
def test_no_field_is_lost_by_any_sequence_of_saves(api, user, saves):
    Method.objects.all().delete()
    thresholds.save(user, main=NANO, further=[])
    hook: dict[str, object] = {"enabled": False, "events": EVERY}
    amounts: dict[str, object] = {"threshold_usd": "1", "further_thresholds_usd": []}
    for kind, body in saves:
        if kind:
            answer = api.put(f"{AREA}/webhook", body)
            wanted = {**hook, **body}
            if "url" not in wanted and (wanted["enabled"] or body.get("format")):
                assert answer.status_code == 422, body
                continue
            hook = wanted
        else:
            answer, amounts = api.patch(AREA, body), {**amounts, **body}
        assert answer.status_code == 200, answer.content
    shown = {**api.get(f"{AREA}/webhook").json(), **api.get(AREA).json()}
    assert shown["enabled"] == hook["enabled"]
    assert set(shown["events"]) == set(hook["events"])  # type: ignore[call-overload]
    if "url" in hook:
        target = changes.target_of(methods.one(user, "webhook"))
        assert isinstance(target, WebhookTarget)
        assert (target.url, target.format) == (hook["url"], hook.get("format", "standard"))
    assert float(shown["threshold_usd"]) == float(str(amounts["threshold_usd"]))
    assert len(shown["further_thresholds_usd"]) == len(amounts["further_thresholds_usd"])  # type: ignore[arg-type]
