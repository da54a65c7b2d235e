"""/api/settings/privacy: what is sent is changed, what is left out stays, what is forbidden says so."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from privacy import services as privacy
from privacy.models import PrivacyPolicy, PrivacySettings
from tests.api.conftest import Program, error, program
from tests.scale import scaled
from tests.together import together

PATH = "/settings/privacy"
FIELDS = ("record_ip", "keep_prompts")
CHANGES = st.fixed_dictionaries({}, optional={name: st.booleans() for name in FIELDS})


def test_what_is_not_chosen_is_off(api):
    assert api.get(PATH).json() == {
        "record_ip": False,
        "keep_prompts": False,
        "locked": {},
        "call_days": 365,
        "error_days": 30,
    }
    assert not PrivacySettings.objects.exists()


def test_a_change_touches_what_it_names_and_nothing_else(api, user):
    assert api.patch(PATH, {"record_ip": True}).json()["record_ip"]
    answer = api.patch(PATH, {"keep_prompts": True}).json()
    assert (answer["record_ip"], answer["keep_prompts"]) == (True, True)
    assert api.patch(PATH, {}).json() == answer == api.get(PATH).json()
    assert privacy.records_address(user.pk)


@pytest.mark.parametrize(
    "body",
    [
        {"record_ip": None},
        {"record_ip": "true"},
        {"record_ip": 1},
        {"hidden": []},
        {"record_ip": True, "call_days": 1},
        {"locked": {}},
        [],
        b"{",
    ],
)
def test_what_is_no_change_is_refused_and_stores_nothing(api, body):
    answer = api.patch(PATH, body)
    assert answer.status_code in {400, 422}
    error(answer)
    assert not PrivacySettings.objects.exists()


def test_what_is_forbidden_says_so_and_turning_off_always_works(api, user):
    privacy.save(user, record_ip=True)
    PrivacyPolicy.objects.create(allow_recording=False)
    shown = api.get(PATH).json()
    assert not shown["record_ip"]
    assert shown["locked"] == {"record_ip": "The administrator does not allow recording addresses."}
    refused = api.patch(PATH, {"record_ip": True, "keep_prompts": True})
    assert (refused.status_code, error(refused)["param"]) == (422, "record_ip")
    assert not PrivacySettings.objects.get(user=user).keep_prompts
    assert api.patch(PATH, {"record_ip": False}).status_code == 200
    assert not PrivacySettings.objects.get(user=user).record_ip


def test_a_token_that_only_reads_changes_nothing(user):
    reader = program(user, ["read"], "reader")
    assert reader.patch(PATH, {"record_ip": True}).status_code == 403
    assert reader.get(PATH).status_code == 200


@settings(max_examples=scaled(400, least=30), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(["page", "api", "verb"]), CHANGES), max_size=8))
def test_no_sequence_of_saves_loses_a_field(page, api, user, saves):
    PrivacySettings.objects.filter(user=user).delete()
    expected = dict.fromkeys(FIELDS, False)
    for way, changes in saves:
        if way == "page":  # a form says all it has: what is not sent is off
            expected = {name: changes.get(name, False) for name in FIELDS}
            page.post("/settings/privacy/", {name: "on" for name, on in expected.items() if on})
        else:
            expected |= changes
            api.patch(PATH, changes) if way == "api" else privacy.save(user, **changes)
        shown = api.get(PATH).json()
        assert {name: shown[name] for name in FIELDS} == expected


@pytest.mark.django_db(transaction=True)
def test_fields_saved_at_once_do_not_undo_each_other(user):
    """Sixteen changes of two fields, of a row that is not there yet; each field ends as all of its savers wished."""

    def save(number: int) -> None:
        privacy.save(User.objects.get(pk=user.pk), **{FIELDS[number % 2]: True})

    for _ in range(scaled(20, least=3)):
        PrivacySettings.objects.filter(user=user).delete()
        together(16, save)
        stored = PrivacySettings.objects.get(user=user)
        assert (stored.record_ip, stored.keep_prompts) == (True, True)


def test_a_program_asks_for_no_other_account(api, group):
    other = User.objects.create_user("lin", "lin@example.com", "correct horse battery", group=group)
    theirs: Program = program(other)
    api.patch(PATH, {"record_ip": True})
    assert not theirs.get(PATH).json()["record_ip"]
