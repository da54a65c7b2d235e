"""The pages of admin that ask why: who may act on whom by which, over HTTP; what they show, and what never."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts import services
from accounts.models import User
from notifications.models import Delivery
from security.models import AccessToken, Event, Passkey, RecoveryCode, Session, TOTPDevice
from security.user_actions import ACTIONS
from tests.accounts.conftest import Browser
from tests.security.ranks import allow, enter, letter, of_rank, state

WHY = "Asked for it by phone"
USERS = "/admin/accounts/user/"
ACTORS = ("administrator", "staff", "clerk", "account")
TARGETS = ("administrator", "staff", "account", "oneself")
VERBS = (*ACTIONS, "revoke-token", "change", "delete")
START = timezone.now()
ALLOWED = {
    *(("administrator", target, verb) for target in TARGETS[:3] for verb in VERBS),
    *(("administrator", "oneself", verb) for verb in ("change", "delete")),
    *(("staff", "account", verb) for verb in VERBS),
}


def place(verb: str, user: User) -> str:
    """Return the page of a verb for an account."""
    if verb in ACTIONS:
        return f"{USERS}act/{verb}/?ids={user.pk}"
    if verb == "revoke-token":
        return f"{USERS}{user.pk}/tokens/{AccessToken.objects.get(user=user).pk}/"
    return f"{USERS}{user.pk}/{verb}/"


def form(verb: str, user: User) -> dict[str, object]:
    """Return what the page of a verb sends."""
    if verb == "change":
        flags = {name: "on" for name in ("is_staff", "is_superuser") if getattr(user, name)}
        held = list(user.user_permissions.values_list("pk", flat=True))
        stored = {"username": user.username, "group": user.group_id, "user_permissions": held}
        return {**flags, **stored, "email": f"new-{user.email}", "reason": WHY}
    return {"post": "yes"} if verb == "delete" else {"reason": WHY}


@pytest.mark.req("I17", "I18", "L5")
@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_do_what_to_whom(group, actor, capsys):
    """Every rank on every rank by every action: what is not allowed is 403 and changes nothing."""
    of_rank("administrator", "keeper", group)  # so that nobody is the last one
    asked = 0
    for number, (target, verb) in enumerate((target, verb) for target in TARGETS for verb in VERBS):
        by = of_rank(actor, f"by{number}", group)
        on = by if target == "oneself" else of_rank(target, f"on{number}", group)
        if verb == "enable":
            services.disable(on)
        if not by.is_active:
            continue  # who enabled themselves would have to be in
        browser, page = enter(by, f"198.51.100.{number + 1}"), place(verb, on)
        before = state(on)
        shown, sent = browser.get(page, follow=True), browser.post(page, form(verb, on))
        asked += 1
        if (actor, target, verb) in ALLOWED:
            assert shown.status_code == 200, (target, verb)
            assert sent.status_code == 302, (target, verb)
            assert verb == "send-reset" or state(on) != before, (target, verb)
        else:
            assert state(on) == before, (target, verb)
            assert not Event.objects.filter(user=on).exclude(actor="").exists(), (target, verb)
            follow = browser.post(page, form(verb, on), follow=True)
            assert follow.status_code == 403, (target, verb)
    with capsys.disabled():
        print(f"\n{actor}: {asked} of {len(TARGETS) * len(VERBS)} asked")  # noqa: T201 (a figure to report)


@pytest.fixture
def boss(group) -> User:
    return of_rank("administrator", "root", group)


@pytest.fixture
def mei(boss, group) -> User:
    made = of_rank("account", "mei", group)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return made


@pytest.fixture
def desk(boss) -> Browser:
    """The administrator's browser."""
    browser = enter(boss)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return browser


@pytest.mark.req("C1")
@pytest.mark.parametrize("verb", [*ACTIONS, "revoke-token"])
def test_no_page_acts_without_a_fresh_proof(boss, mei, verb):
    with time_machine.travel(START, tick=False) as clock:
        browser = enter(boss)
        clock.shift(timedelta(minutes=11))
        before = state(mei)
        answer = browser.post(place(verb, mei), form(verb, mei))
        assert answer["Location"].startswith("/admin/login/")
        assert state(mei) == before


@pytest.mark.parametrize("verb", [*ACTIONS, "revoke-token"])
@pytest.mark.parametrize("reason", [None, "", "   ", "x" * 301, "a\0b"])
def test_a_reason_is_asked_for(desk, mei, verb, reason):
    before = state(mei)
    answer = desk.post(place(verb, mei), {} if reason is None else {"reason": reason})
    assert answer.status_code == 422
    assert state(mei) == before
    assert not Event.objects.exists()


@pytest.mark.parametrize("verb", [*ACTIONS, "revoke-token"])
def test_looking_at_a_page_does_nothing(desk, mei, verb):
    before = state(mei)
    page = desk.page(place(verb, mei))
    assert "mei@example.com" in page
    assert 'name="reason"' in page
    assert state(mei) == before
    assert not Event.objects.exists()


@pytest.mark.req("B4", "B6")
def test_who_is_disabled_is_out_at_the_next_request(desk, mei):
    browser = enter(mei, "203.0.113.50")
    assert browser.get("/settings/profile/").status_code == 200
    desk.post(place("disable", mei), {"reason": WHY})
    assert browser.get("/settings/profile/").status_code == 302
    assert not User.objects.get(pk=mei.pk).is_active
    desk.post(place("enable", mei), {"reason": WHY})
    assert User.objects.get(pk=mei.pk).is_active


@pytest.mark.req("B6", "A17")
def test_an_administrator_ends_the_sessions_of_somebody_by_a_page(desk, boss, mei):
    browser = enter(mei, "203.0.113.50")
    answer = desk.post(place("end-sessions", mei), {"reason": "  Left a browser\topen "}, follow=True)
    assert "Done for mei." in answer.content.decode()
    assert browser.get("/settings/profile/").status_code == 302
    assert not Session.objects.filter(user=mei).exists()
    assert Session.objects.filter(user=boss).exists()
    event = Event.objects.get(user=mei, kind="session-ended")
    assert (event.actor, event.reason) == ("root", "Left a browser open")
    assert "Reason: Left a browser open" in letter("security.session-ended")


def test_what_was_done_stands_in_the_history_of_the_account(desk, boss, mei):
    desk.post(place("reset-passkeys", mei), {"reason": WHY})
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (boss, str(mei.pk))
    assert entry.change_message == f"Remove all passkeys: {WHY}"
    assert WHY in desk.page(f"{USERS}{mei.pk}/history/")


def test_where_there_is_nothing_to_do_the_page_says_so(desk, mei):
    desk.post(place("reset-two-factor", mei), {"reason": WHY})
    again = desk.post(place("reset-two-factor", mei), {"reason": WHY}, follow=True)
    assert "There was nothing to do for mei." in again.content.decode()
    assert LogEntry.objects.count() == 1


@pytest.mark.req("I18")
def test_a_reset_can_be_mailed(desk, mei):
    sent = desk.post(place("send-reset", mei), {"reason": WHY}, follow=True)
    assert "Done for mei." in sent.content.decode()
    assert "Follow this link within ten minutes to choose a new password" in letter("mail")
    assert "password/reset/key/" not in sent.content.decode()


def test_who_cannot_be_mailed_is_named_with_the_reason_why(desk, mei):
    User.objects.filter(pk=mei.pk).update(email="")
    told = desk.post(place("send-reset", mei), {"reason": WHY}, follow=True).content.decode()
    assert "This account has no e-mail address. (mei)" in told


def test_several_accounts_are_chosen_in_the_list(desk, mei, group):
    eve = of_rank("account", "eve", group)
    led = desk.post(USERS, {"action": "reset_passkeys", "_selected_action": [mei.pk, eve.pk]})
    assert led["Location"] == f"{USERS}act/reset-passkeys/?ids={mei.pk}%2C{eve.pk}"
    page = desk.page(led["Location"])
    assert "mei@example.com" in page
    assert "eve@example.com" in page
    told = desk.post(led["Location"], {"reason": WHY}, follow=True)
    assert told.redirect_chain == [(USERS, 302)]
    assert not Passkey.objects.filter(user__in=[mei, eve]).exists()
    assert Event.objects.filter(kind="admin-reset", reason=WHY).count() == 2


def test_of_several_only_those_below_are_acted_on(mei, group):
    staff, other = of_rank("staff", "vera", group), of_rank("staff", "otto", group)
    browser = enter(staff)
    page = f"{USERS}act/disable/?ids={mei.pk},{other.pk}"
    shown = browser.page(page)
    assert "1 of the chosen accounts does not stand below yours" in shown
    assert "otto@example.com" not in shown
    browser.post(page, {"reason": WHY})
    assert not User.objects.get(pk=mei.pk).is_active
    assert User.objects.get(pk=other.pk).is_active


def test_more_than_a_hundred_at_once_are_too_many(desk, group):
    made = User.objects.bulk_create(User(username=f"many{n}", group=group, password="!") for n in range(101))
    chosen = list(User.objects.filter(username__startswith="many").values_list("pk", flat=True))
    assert len(made) == 101
    told = desk.post(USERS, {"action": "disable", "_selected_action": chosen}, follow=True).content.decode()
    assert "Choose at most 100 accounts." in told


@pytest.mark.parametrize("ids", ["", "x", "-1", "1" * 19, "9" * 18, "\u0661", "0x1", ",,,", "1;2", "1 OR 1=1", "\0"])
def test_an_address_that_names_nobody_is_not_found(desk, ids):
    assert desk.get(f"{USERS}act/disable/", {"ids": ids}).status_code == 404
    assert desk.post(f"{USERS}act/disable/?ids=x", {"reason": WHY}).status_code == 404


def test_an_action_that_does_not_exist_is_not_found(desk, mei):
    for name in ("delete", "become", "set-password"):
        assert desk.post(f"{USERS}act/{name}/?ids={mei.pk}", {"reason": WHY}).status_code == 404


@pytest.mark.req("I16")
def test_a_token_is_found_on_its_owners_page_only(desk, boss, mei):
    token = AccessToken.objects.get(user=boss)
    assert desk.post(f"{USERS}{mei.pk}/tokens/{token.pk}/", {"reason": WHY}).status_code == 404
    assert AccessToken.objects.filter(pk=token.pk).exists()


def test_what_was_revoked_a_moment_ago_is_not_found(desk, mei):
    page = place("revoke-token", mei)
    told = desk.post(page, {"reason": WHY}, follow=True)
    assert told.redirect_chain == [(f"{USERS}{mei.pk}/change/", 302)]
    assert desk.post(page, {"reason": WHY}).status_code == 404
    assert "An access token of your account no longer works." in letter("security.token-revoked")


@pytest.mark.req("H2", "I18")
def test_the_page_of_an_account_shows_what_it_has_and_no_secret(desk, mei):
    token = AccessToken.objects.get(user=mei)
    page = desk.page(f"{USERS}{mei.pk}/change/")
    assert token.hint in page
    assert "on, 10 recovery codes left" in page
    device = TOTPDevice.objects.get(user=mei)
    digests = [*RecoveryCode.objects.values_list("digest", flat=True), token.digest, mei.password, device.secret]
    assert [secret for secret in digests if secret in page] == []
    assert [row.session_key for row in Session.objects.all() if row.session_key in page] == []


def test_the_page_of_an_account_offers_what_may_be_done_to_it(desk, boss, mei, group):
    page = desk.page(f"{USERS}{mei.pk}/change/")
    offered = [name for name in ACTIONS if f"{USERS}act/{name}/?ids={mei.pk}" in page]
    assert offered == [name for name in ACTIONS if name != "enable"]
    assert f"/tokens/{AccessToken.objects.get(user=mei).pk}/" in page
    assert "/act/" not in desk.page(f"{USERS}{boss.pk}/change/"), "nobody acts on themselves"
    staff = of_rank("staff", "vera", group)
    browser = enter(staff, "203.0.113.8")
    above = browser.page(f"{USERS}{boss.pk}/change/")
    assert "root@example.com" in above
    assert "/act/" not in above
    assert "/tokens/" not in above
    assert '<input type="submit"' not in above
    assert "/act/" in browser.page(f"{USERS}{mei.pk}/change/")


def test_a_clerk_who_may_look_sees_no_action(mei, group):
    clerk = of_rank("clerk", "vera", group)
    allow(clerk, "view_user")
    browser = enter(clerk)
    assert "/act/" not in browser.page(f"{USERS}{mei.pk}/change/")
    listed = browser.page(USERS)
    assert "mei@example.com" in listed
    assert "reset_passkeys" not in listed


@pytest.mark.parametrize("path", ["act/disable/?ids=1", "1/tokens/1/"])
def test_only_looking_and_sending_are_ways_to_ask(desk, mei, path):
    assert desk.put(USERS + path).status_code < 500
    assert desk.delete(USERS + path).status_code < 500
    assert User.objects.filter(is_active=False).count() == 0
