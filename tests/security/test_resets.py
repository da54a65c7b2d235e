"""What an administrator does to the credentials of somebody: its effect, its event, its mail."""

from collections.abc import Callable

import pytest
from django.utils import translation

from accounts import limits, reset_links
from accounts.administrators import COMMAND_LINE, NotAllowed
from accounts.models import Group, User
from accounts.services import AccountGone, LastAdministrator
from common import version
from notifications.models import Delivery
from security import resets
from security.models import AccessToken, Event, Passkey, RecoveryCode, Session, TOTPDevice
from tests.security.ranks import letter, of_rank, state

WHY = "Reported her phone as stolen"
Check = Callable[[User], bool]


def signed_out(user: User) -> bool:
    return not Session.objects.filter(user=user).exists()


def shut_out(user: User) -> bool:
    return signed_out(user) and not User.objects.get(pk=user.pk).is_active


def without_factor(user: User) -> bool:
    codes = RecoveryCode.objects.filter(device__user=user).exists()
    return signed_out(user) and not TOTPDevice.objects.filter(user=user).exists() and not codes


def without_passkeys(user: User) -> bool:
    return signed_out(user) and not Passkey.objects.filter(user=user).exists()


def untouched(user: User) -> bool:
    return Session.objects.filter(user=user).exists() and User.objects.get(pk=user.pk).has_usable_password()


# the verb, the event that it writes with its detail, and what is so afterwards
VERBS: dict[str, tuple[resets.Verb, str, str, Check]] = {
    "disable": (resets.disable, "disabled", "", shut_out),
    "end sessions": (resets.end_sessions, "session-ended", "", signed_out),
    "reset the second factor": (resets.reset_two_factor, "totp-off", "", without_factor),
    "reset passkeys": (resets.reset_passkeys, "admin-reset", "Laptop", without_passkeys),
    "send a reset": (resets.send_reset, "reset-sent", "", untouched),
}


@pytest.fixture
def boss(group: Group) -> User:
    return of_rank("administrator", "root", group)


@pytest.fixture
def mei(boss: User, group: Group) -> User:
    made = of_rank("account", "mei", group)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return made


@pytest.mark.req("A17", "B4", "I18")
@pytest.mark.parametrize("name", VERBS)
def test_each_is_done_written_down_and_mailed_with_its_reason(boss, mei, name):
    verb, kind, detail, check = VERBS[name]
    before = version.current()
    assert verb(boss, mei, WHY) is True
    assert check(mei)
    event = Event.objects.get(user=mei)
    assert (event.kind, event.actor, event.reason, event.detail) == (kind, "root", WHY, detail)
    assert Delivery.objects.get(event=f"security.{kind}").user == mei
    told = letter(f"security.{kind}")
    assert f"Reason: {WHY}" in told
    assert "Done by the administrator root." in told
    assert version.current() >= before


@pytest.mark.parametrize("name", [name for name in VERBS if name != "send a reset"])
def test_a_second_time_there_is_nothing_to_do_or_tell(boss, mei, name):
    verb = VERBS[name][0]
    verb(boss, mei, WHY)
    events, mails = Event.objects.count(), Delivery.objects.count()
    assert verb(boss, mei, WHY) is False
    assert (Event.objects.count(), Delivery.objects.count()) == (events, mails)


def test_who_is_let_in_again_is_told_so_and_has_a_clean_record(boss, mei):
    assert resets.enable(boss, mei, WHY) is False, "nothing to do"
    resets.disable(boss, mei, "Left")
    for _ in range(5):
        limits.take(limits.SIGN_IN_ACCOUNT, limits.account(mei.pk))
    assert resets.enable(boss, mei, WHY) is True
    assert User.objects.get(pk=mei.pk).is_active
    limits.take(limits.SIGN_IN_ACCOUNT, limits.account(mei.pk))
    assert Event.objects.filter(user=mei).latest("pk").kind == "enabled"
    assert WHY in letter("security.enabled")


def test_a_token_of_somebody_is_revoked_with_a_reason(boss, mei):
    token = AccessToken.objects.get(user=mei)
    assert resets.revoke_token(boss, token, WHY) is True
    assert not AccessToken.objects.filter(user=mei).exists()
    event = Event.objects.get(user=mei)
    assert (event.kind, event.actor, event.reason, event.detail) == ("token-revoked", "root", WHY, "build")
    assert resets.revoke_token(boss, token, WHY) is False
    assert Event.objects.filter(user=mei).count() == 1


@pytest.mark.parametrize("name", [*VERBS, "enable", "revoke"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_done_without_a_reason(boss, mei, name, reason):
    before, token = state(mei), AccessToken.objects.get(user=mei)
    others = {"enable": resets.enable, "revoke": lambda by, _user, why: resets.revoke_token(by, token, why)}
    verb = others[name] if name in others else VERBS[name][0]
    with pytest.raises(resets.ReasonMissing):
        verb(boss, mei, reason)
    assert state(mei) == before
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", VERBS)
def test_at_the_command_line_no_name_and_no_reason_is_needed(mei, name):
    verb, kind, _, check = VERBS[name]
    assert verb(None, mei, "") is True
    assert check(mei)
    assert Event.objects.get(user=mei).actor == COMMAND_LINE
    assert "Done by the operator of this installation." in letter(f"security.{kind}")


@pytest.mark.req("L5")
def test_the_last_administrator_is_disabled_by_nobody(boss, mei):
    with pytest.raises(LastAdministrator):
        resets.disable(None, boss, WHY)
    assert User.objects.get(pk=boss.pk).is_active
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", VERBS)
def test_nothing_is_done_to_who_stands_as_high(group, mei, name):
    staff, other = of_rank("staff", "vera", group), of_rank("staff", "otto", group)
    Event.objects.all().delete()
    before = state(other)
    with pytest.raises(NotAllowed):
        VERBS[name][0](staff, other, WHY)
    assert state(other) == before
    assert not Event.objects.exists()


def test_an_account_that_is_gone_is_said_to_be(boss, mei):
    User.objects.filter(pk=mei.pk).delete()
    for verb, *_ in VERBS.values():
        with pytest.raises(AccountGone):
            verb(boss, mei, WHY)


@pytest.mark.req("I18")
def test_a_reset_is_mailed_to_the_owner_and_the_link_is_nowhere_else(boss, mei):
    before = User.objects.get(pk=mei.pk).password
    resets.send_reset(boss, mei, WHY)
    link = Delivery.objects.get(event="mail")
    assert (link.user, link.subject) == (mei, "Reset your password")
    assert "http://localhost:8000/accounts/password/reset/key/" in letter("mail")
    assert "/password/reset/key/" not in letter("security.reset-sent")
    assert User.objects.get(pk=mei.pk).password == before


def test_a_reset_speaks_the_language_of_its_reader(boss, mei):
    User.objects.filter(pk=mei.pk).update(language="zh-hans")
    with translation.override("en"):
        resets.send_reset(boss, User.objects.get(pk=mei.pk), WHY)
    assert Delivery.objects.get(event="mail").subject == "重置您的密码"


def test_who_has_no_address_or_is_disabled_is_sent_nothing(boss, mei):
    User.objects.filter(pk=mei.pk).update(email="")
    with pytest.raises(reset_links.NoAddress):
        resets.send_reset(boss, mei, WHY)
    User.objects.filter(pk=mei.pk).update(email="mei@example.com", is_active=False)
    with pytest.raises(resets.Disabled):
        resets.send_reset(boss, mei, WHY)
    assert not Delivery.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.req("A2")
def test_an_address_gets_five_links_an_hour_whoever_sends_them(boss, mei):
    for _ in range(5):
        resets.send_reset(boss, mei, WHY)
    with pytest.raises(limits.TooManyTries):
        resets.send_reset(boss, mei, WHY)
    assert Event.objects.filter(kind="reset-sent").count() == 5
