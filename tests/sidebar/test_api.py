"""/api/settings/sidebar, the policy in admin, and the registry's own checks."""

import pytest

from accounts.models import User
from sidebar import checks
from sidebar import services as sidebar
from sidebar.admin import KEYS
from sidebar.models import SidebarPolicy
from sidebar.modules import MODULES, Module
from tests.api.conftest import error, program
from tests.sidebar.conftest import turn_off

PATH = "/settings/sidebar"
POLICY = "/admin/sidebar/sidebarpolicy/"


def module(api, name: str) -> dict[str, object]:
    return next(one for one in api.get(PATH).json()["modules"] if one["name"] == name)


def test_nothing_is_hidden_at_first_and_every_module_is_told(api):
    answer = api.get(PATH).json()
    assert answer["hidden"] == []
    assert [(one["area"], one["name"], one["shown"], one["locked"]) for one in answer["modules"]] == [
        ("chat", "playground", False, False),
        ("dashboard", "overview", True, False),
        ("dashboard", "api_keys", True, False),
        ("dashboard", "usage_logs", True, False),
        ("dashboard", "drawing_logs", False, False),
        ("dashboard", "task_logs", False, False),
        ("personal", "wallet", True, False),
        ("personal", "settings", True, True),
    ]


def test_a_change_replaces_the_list_and_one_that_names_nothing_changes_nothing(api):
    assert api.patch(PATH, {"hidden": ["wallet", "chat"]}).json()["hidden"] == ["chat", "wallet"]
    assert not module(api, "wallet")["shown"]
    assert api.patch(PATH, {}).json()["hidden"] == ["chat", "wallet"]
    assert api.patch(PATH, {"hidden": []}).json()["hidden"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"hidden": ["settings"]}, "cannot be hidden"),
        ({"hidden": ["walet"]}, "'walet' is no area or module"),
        ({"hidden": "wallet"}, "valid list"),
        ({"hidden": [1]}, "valid string"),
        ({"hidden": None}, "valid list"),
        ({"hidden": ["wallet"] * 65}, "at most 64"),
        ({"shown": []}, "Extra inputs"),
    ],
)
def test_what_cannot_be_hidden_is_refused_with_words_and_stores_nothing(api, user, body, words):
    answer = api.patch(PATH, body)
    assert answer.status_code == 422
    assert words in error(answer)["message"]
    assert sidebar.hidden(User.objects.get(pk=user.pk)) == set()


def test_what_is_off_is_told_locked_with_the_reason(api):
    turn_off("wallet")
    told = module(api, "wallet")
    assert (told["shown"], told["locked"]) == (False, True)
    assert told["notes"] == ["Turned off by the administrator: its pages and its calls of /api answer 404."]
    assert module(api, "drawing_logs")["notes"] == [
        "This version has no page for it yet.",
        "No channel open to the account offers what it is about.",
    ]


def test_the_settings_of_the_sidebar_are_there_whatever_is_off(api):
    turn_off(*KEYS)
    assert api.get(PATH).status_code == 200
    assert [one["name"] for one in api.get(PATH).json()["modules"] if one["shown"]] == ["settings"]


def test_a_token_that_only_reads_hides_nothing(user):
    assert program(user, ["read"], "reader").patch(PATH, {"hidden": ["wallet"]}).status_code == 403


def test_a_name_that_nothing_has_any_more_is_left_out(api, user):
    sidebar.hide(user, ["wallet"])
    user.sidebar_settings.hidden = ["wallet", "fax_machine"]
    user.sidebar_settings.save()
    assert api.get(PATH).json()["hidden"] == ["wallet"]
    sidebar.hide(user, ["overview"], among={"overview"})
    assert api.get(PATH).json()["hidden"] == ["overview", "wallet"]


def test_the_operator_turns_modules_off_and_on_in_admin(admin, api):
    assert admin.get(POLICY).context["adminform"].form.initial == dict.fromkeys(KEYS, True)
    assert not SidebarPolicy.objects.exists(), "looking writes nothing"
    kept = {name: "on" for name in KEYS if name != "wallet"}
    assert admin.post(POLICY, kept).status_code == 302
    assert sidebar.off() == {"wallet"}
    assert api.get("/wallet").status_code == 404
    assert admin.post(POLICY, {**kept, "wallet": "on"}).status_code == 302
    assert api.get("/wallet").status_code == 200


def test_the_settings_have_no_switch_of_the_operator(admin):
    assert 'name="settings"' not in admin.get(POLICY).content.decode()
    admin.post(POLICY, dict.fromkeys(("settings",), ""))
    assert "settings" not in sidebar.off()


def test_people_who_are_no_administrators_do_not_get_in(page):
    assert page.get(POLICY).status_code in {302, 403}
    assert page.post(POLICY, {}).status_code in {302, 403}
    assert not SidebarPolicy.objects.exists()


def test_every_module_has_a_switch_of_the_operator():
    assert checks.policy_complete() == []


@pytest.mark.parametrize(
    ("added", "codes"),
    [
        (Module("fax", "Fax", "fax", "x", ("/fax/",), planned=True), ["sidebar.E007"]),
        (Module("wallet", "Other", "wallet", "x", ("/wallet/",)), ["sidebar.E006"]),
    ],
)
def test_a_module_without_a_switch_or_with_a_name_that_is_taken_is_an_error(monkeypatch, added, codes):
    monkeypatch.setattr(checks, "MODULES", (*MODULES, added))
    assert [found.id for found in checks.policy_complete()] == codes
