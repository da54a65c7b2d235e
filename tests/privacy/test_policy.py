"""The operator's policy: it forbids and it keeps; it never turns recording on for anyone."""

import pytest

from accounts import ports
from common import secretkeys, version
from gateway import keyring, keys
from privacy import services as privacy
from privacy.models import PrivacyPolicy, PrivacySettings

POLICY = "/admin/privacy/privacypolicy/"
PAGE = "/settings/privacy/"
REASON = "doesn&#x27;t allow recording addresses"


def decide(admin, **fields: str):
    return admin.post(POLICY, {"call_days": "365", "error_days": "30", **fields})


def forbid() -> None:
    PrivacyPolicy.objects.update_or_create(pk=1, defaults={"allow_recording": False})


def test_looking_at_the_policy_shows_the_defaults_and_writes_nothing(admin):
    shown = admin.get(POLICY)
    assert shown.context["adminform"].form.initial == {"allow_recording": True, "call_days": 365, "error_days": 30}
    assert not PrivacyPolicy.objects.exists()


@pytest.mark.req("K3")
def test_forbidding_counts_for_everybody_and_tells_the_workers(admin, user):
    privacy.save(user, record_ip=True)
    _, secret = keys.mint(user, "laptop")
    before = version.current()
    assert decide(admin).status_code == 302
    assert version.current() > before
    assert not privacy.records_address(user.pk)
    caller = keyring.load(secretkeys.digest(secret))
    assert caller is not None
    assert not caller.record_ip
    assert PrivacySettings.objects.get(user=user).record_ip, "the account's own choice is not lost"


@pytest.mark.req("K3")
def test_allowing_turns_it_on_for_nobody_who_did_not_choose_it(admin, user):
    assert decide(admin, allow_recording="on").status_code == 302
    assert not privacy.records_address(user.pk)
    assert not PrivacySettings.objects.exists()


@pytest.mark.parametrize("chosen", [True, False])
def test_a_forbidden_switch_is_shown_off_locked_and_with_the_reason(page, user, chosen):
    privacy.save(user, record_ip=chosen)
    forbid()
    shown = page.get(PAGE)
    text, field = shown.content.decode(), shown.context["form"]["record_ip"]
    assert "Your administrator doesn't allow recording addresses." in text
    assert not field.value()
    assert "disabled" in str(field)
    assert "checked" not in str(field)
    assert ("Your own choice, on, is kept" in text) == chosen


def test_saving_beside_a_locked_switch_leaves_the_choice_as_it_was(page, user):
    privacy.save(user, record_ip=True)
    forbid()
    assert page.post(PAGE, {"keep_prompts": "on"}).status_code == 302
    stored = PrivacySettings.objects.get(user=user)
    assert (stored.record_ip, stored.keep_prompts) == (True, True)


def test_a_locked_switch_that_is_sent_all_the_same_is_refused(page, user):
    forbid()
    refused = page.post(PAGE, {"record_ip": "on", "keep_prompts": "on"})
    assert refused.status_code == 422
    assert REASON in refused.content.decode()
    assert not PrivacySettings.objects.exists()


def test_the_verb_refuses_too(user):
    forbid()
    with pytest.raises(privacy.RecordingForbidden):
        privacy.save(user, record_ip=True)
    privacy.save(user, record_ip=False)


def test_the_days_are_the_operators_and_are_said_to_everybody(admin, page):
    assert decide(admin, allow_recording="on", call_days="90", error_days="7").status_code == 302
    assert [span.days for span in ports.kept()[:2]] == [90, 7]
    text = page.get(PAGE).content.decode()
    assert "90 days" in text
    assert "7 days" in text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"call_days": "0"}, "greater than or equal to 1"),
        ({"error_days": "0"}, "greater than or equal to 1"),
        ({"call_days": "3651"}, "less than or equal to 3650"),
        ({"call_days": "7", "error_days": "8"}, "Keep errors no longer than calls."),
        ({"call_days": "a year"}, "Enter a whole number."),
        ({"error_days": ""}, "This field is required."),
        ({"call_days": "1" * 400}, "less than or equal to 3650"),
    ],
)
def test_days_that_will_not_do_come_back_with_a_sentence(admin, days, words):
    answer = decide(admin, **days)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    policy = PrivacyPolicy.current()
    assert (policy.call_days, policy.error_days) == (365, 30)


def test_saving_leaves_alone_what_the_worker_writes(admin, monkeypatch):
    decide(admin, allow_recording="on")
    stored = PrivacyPolicy.save

    def meanwhile(self, **kwargs: object) -> None:
        PrivacyPolicy.objects.update(whole_from=7)
        stored(self, **kwargs)

    monkeypatch.setattr(PrivacyPolicy, "save", meanwhile)
    decide(admin, allow_recording="on", call_days="90")
    policy = PrivacyPolicy.current()
    assert (policy.whole_from, policy.call_days) == (7, 90)


def test_nobody_else_gets_in(page):
    assert page.get(POLICY).status_code in {302, 403}
    assert page.post(POLICY, {"call_days": "1", "error_days": "1"}).status_code in {302, 403}
    assert not PrivacyPolicy.objects.exists()
