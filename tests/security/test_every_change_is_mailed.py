"""Each change of a credential, by whichever door it comes: its owner has a mail within a minute, without an address."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pyotp
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import call_command

from accounts import identities, jobs
from accounts.identities import Identity
from accounts.models import Group, User
from console import chores
from notifications import services as notifications
from notifications.models import Delivery
from pricing.models import PricingSettings
from security import events, tokens
from security.models import AccessToken, Event, Passkey, TOTPDevice
from security.user_actions import ACTIONS
from tests.accounts.conftest import PASSWORD, Browser
from tests.peers.identity_provider import IdentityProvider
from tests.second_factor import enroll, fresh_code
from tests.security.ceremonies import register
from tests.security.ranks import enter, of_rank
from tests.security.softkey import SoftKey
from tests.security.test_passkey_pages import add, come_in
from tests.security.visits import bind, sign_in

Kind = Event.Kind
ADDRESS, DESK = "203.0.113.7", "198.51.100.9"
NEW, WHY = "another good passphrase", "Asked for it by phone"
SECURITY = "/settings/security/"
USERS = "/admin/accounts/user/"


@dataclass
class House:
    """An account with its browser, an administrator with theirs, a provider, and where mail goes."""

    user: User
    browser: Browser
    desk: Browser
    idp: IdentityProvider
    key: SoftKey
    rule: Callable[..., None]
    folder: Path

    def letters(self) -> list[str]:
        """Deliver what is due; return every letter to the account, whole."""
        notifications.deliver_due()
        found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(self.folder.iterdir())]
        return [str(one) + "".join(str(p.get_content()) for p in one.walk() if not p.is_multipart()) for one in found]

    def link(self, part: str) -> str:
        """Return the path of a link that was mailed."""
        words = " ".join(self.letters()).split()
        return next(word for word in words if part in word).removeprefix("http://localhost:8000")


@pytest.fixture
def house(group, idp, rule, key, settings, tmp_path) -> House:
    settings.EMAIL_FILES = tmp_path
    boss = of_rank("administrator", "root", group)
    user = User.objects.create_user("mei", "mei@example.com", PASSWORD, group=group)
    browser = Browser(ADDRESS)
    browser.sign_in()
    return House(user, browser, enter(boss, DESK), idp, key, rule, tmp_path)


def manage(*words: str) -> None:
    call_command(*words, stdout=io.StringIO())


def with_factor(house: House) -> list[str]:
    """Turn two-factor authentication on and prove it in the browser; return the recovery codes."""
    codes = enroll(house.user)
    house.browser.post("/accounts/logout/")
    house.browser.sign_in()
    house.browser.confirm(house.user)
    return codes


def first_password(house: House) -> None:
    identities.keep(house.user, Identity("acme", "u-1", "ann", house.idp.url))
    house.user.set_unusable_password()
    house.user.save()
    sign_in(house.browser, house.idp)
    register(house.user, house.key)
    come_in(house.browser, house.key)
    Delivery.objects.all().delete()
    house.browser.post("/accounts/password/set/", {"password1": NEW, "password2": NEW})


def change_address(house: House) -> None:
    house.browser.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})
    house.browser.post(house.link("/confirm-email/"))


def reset_by_link(house: House) -> None:
    stranger = Browser(ADDRESS)
    stranger.post("/accounts/password/reset/", {"email": house.user.email})
    page = stranger.get(house.link("/reset/key/"))["Location"]
    stranger.post(page, {"password1": NEW, "password2": NEW})


def turn_on(house: House) -> None:
    house.browser.post(f"{SECURITY}two-factor/", {"begin": "1"})
    secret = TOTPDevice.objects.get(user=house.user).secret
    house.browser.post(f"{SECURITY}two-factor/", {"stored": "on", "code": pyotp.TOTP(secret).now()})


def turn_off(house: House) -> None:
    with_factor(house)
    house.browser.post(f"{SECURITY}two-factor/off/", {"password": PASSWORD, "code": fresh_code(house.user)})


def new_codes(house: House) -> None:
    with_factor(house)
    house.browser.post(f"{SECURITY}two-factor/codes/")


def use_code(house: House) -> None:
    codes = with_factor(house)
    house.browser.post("/accounts/logout/")
    house.browser.sign_in()
    house.browser.post("/accounts/login/second-factor/", {"code": codes[0]})


def remove_passkey(house: House) -> None:
    passkey = register(house.user, house.key)
    house.browser.sign_in()
    house.browser.post(f"{SECURITY}passkeys/{passkey.pk}/remove/")


def copied_passkey(house: House) -> None:
    register(house.user, house.key)
    Passkey.objects.update(sign_count=10_000)
    come_in(Browser(ADDRESS), house.key)


def unbind(house: House) -> None:
    bind(house.browser, house.idp)
    house.browser.post(f"/accounts/providers/{SocialAccount.objects.get().pk}/unbind/")


def token_by_page(house: House, verb: str = "") -> None:
    if not verb:
        sent = {"name": "build", "scopes": "read", "expires_at": "90"}
        house.browser.post(f"{SECURITY}tokens/new/", sent)
        return
    token, _ = tokens.make(house.user, name="build", scopes=["read"])
    Delivery.objects.all().delete()
    house.browser.post(f"{SECURITY}tokens/{token.pk}/{verb}/")


def accept_by_api(house: House) -> None:
    _, secret = tokens.make(house.user, name="build", scopes=["write"])
    bearer, body = {"authorization": f"Bearer {secret}"}, {"accept_unpriced": True}
    answer = Browser(ADDRESS).patch("/api/settings/pricing", body, "application/json", headers=bearer)
    assert answer.status_code == 200
    assert PricingSettings.objects.get(user=house.user).accept_unpriced


def rights_by_claim(house: House) -> None:
    identities.keep(house.user, Identity("acme", "u-1", "ann", house.idp.url))
    SocialAccount.objects.update(extra_data={**SocialAccount.objects.get().extra_data, "made": True})
    Group.objects.create(name="gold")
    house.rule(group_claim="groups")
    house.idp.person["groups"] = ["gold"]
    sign_in(Browser(ADDRESS), house.idp)


def by_admin(verb: str) -> Callable[[House], None]:
    """Return what an administrator does by a page that asks why."""

    def act(house: House) -> None:
        of_everything(house)
        if verb == "enable":
            User.objects.filter(pk=house.user.pk).update(is_active=False)
        answer = house.desk.post(f"{USERS}act/{verb}/?ids={house.user.pk}", {"reason": WHY})
        assert answer.status_code == 302

    return act


def of_everything(house: House) -> None:
    enroll(house.user)
    register(house.user, house.key)
    tokens.make(house.user, name="build", scopes=["read"])
    Browser().force_login(house.user)
    Delivery.objects.all().delete()


def form_in_admin(house: House, **changes: object) -> None:
    sent = {"username": "mei", "group": house.user.group_id, "email": "mei@example.com", "reason": WHY, **changes}
    assert house.desk.post(f"{USERS}{house.user.pk}/change/", sent).status_code == 302


def token_in_admin(house: House) -> None:
    of_everything(house)
    token = AccessToken.objects.get(user=house.user)
    assert house.desk.post(f"{USERS}{house.user.pk}/tokens/{token.pk}/", {"reason": WHY}).status_code == 302


def by_command(*words: str) -> Callable[[House], None]:
    def act(house: House) -> None:
        of_everything(house)
        if words[1] == "enable":
            User.objects.filter(pk=house.user.pk).update(is_active=False)
        manage(*words)

    return act


def change_password(house: House) -> None:
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    house.browser.post("/accounts/password/change/", sent)


def export(house: House) -> None:
    house.browser.post("/settings/delete/export/new/")
    assert jobs.run_due() == 1


CHANGES: dict[str, tuple[Callable[[House], None], str]] = {
    "page: password": (change_password, Kind.PASSWORD),
    "page: first password": (first_password, Kind.PASSWORD),
    "page: password by a mailed link": (reset_by_link, Kind.PASSWORD_RESET),
    "page: address": (change_address, Kind.EMAIL),
    "page: second factor on": (turn_on, Kind.TOTP_ON),
    "page: second factor off": (turn_off, Kind.TOTP_OFF),
    "page: recovery codes": (new_codes, Kind.CODES_MADE),
    "page: recovery code used": (use_code, Kind.CODE_USED),
    "page: passkey": (lambda house: add(house.browser, house.key), Kind.PASSKEY_ADDED),
    "page: passkey removed": (remove_passkey, Kind.PASSKEY_REMOVED),
    "page: passkey that was copied": (copied_passkey, Kind.PASSKEY_SUSPECT),
    "page: bound": (lambda house: bind(house.browser, house.idp), Kind.BOUND),
    "page: unbound": (unbind, Kind.UNBOUND),
    "page: token": (token_by_page, Kind.TOKEN_MADE),
    "page: token replaced": (lambda house: token_by_page(house, "replace"), Kind.TOKEN_MADE),
    "page: token revoked": (lambda house: token_by_page(house, "revoke"), Kind.TOKEN_REVOKED),
    "page: new device": (lambda house: Browser(ADDRESS).sign_in(), Kind.NEW_DEVICE),
    "page: export": (export, Kind.EXPORTED),
    "api: calls without a price": (accept_by_api, "pricing.accept_unpriced"),
    "provider: rights": (rights_by_claim, Kind.RIGHTS),
    "admin: disable": (by_admin("disable"), Kind.DISABLED),
    "admin: enable": (by_admin("enable"), Kind.ENABLED),
    "admin: end-sessions": (by_admin("end-sessions"), Kind.SESSION_ENDED),
    "admin: reset-two-factor": (by_admin("reset-two-factor"), Kind.TOTP_OFF),
    "admin: reset-passkeys": (by_admin("reset-passkeys"), Kind.ADMIN_RESET),
    "admin: send-reset": (by_admin("send-reset"), Kind.RESET_SENT),
    "admin: token": (token_in_admin, Kind.TOKEN_REVOKED),
    "admin: address": (lambda house: form_in_admin(house, email="new@example.com"), Kind.EMAIL),
    "admin: rights": (lambda house: form_in_admin(house, is_staff="on"), Kind.RIGHTS),
    "command: disable": (by_command("user", "disable", "mei"), Kind.DISABLED),
    "command: enable": (by_command("user", "enable", "mei"), Kind.ENABLED),
    "command: second factor": (by_command("user", "reset-mfa", "mei", "--reason", WHY), Kind.TOTP_OFF),
    "command: link": (by_command("user", "link", "mei"), Kind.LINK),
    "command: token": (by_command("token", "create", "mei", "--name", "ci"), Kind.TOKEN_MADE),
}


@pytest.mark.req("A17")
@pytest.mark.parametrize("change", CHANGES)
def test_its_owner_has_a_mail_within_a_minute_without_an_address(house, change):
    act, kind = CHANGES[change]
    notifications.deliver_due()
    for file in house.folder.iterdir():
        file.unlink()
    act(house)
    sent = kind if "." in kind else f"security.{kind}"
    row = Delivery.objects.filter(event=sent, user=house.user).latest("pk")
    assert (row.next_at - row.created_at).total_seconds() < 1
    letters = house.letters()
    assert any("Hello mei," in letter and "mei@example.com" in letter for letter in letters)
    row.refresh_from_db()
    assert row.state == Delivery.State.DONE
    told = "".join(letters) + "".join(map(str, Event.objects.values_list("detail", "reason", "actor")))
    assert ADDRESS not in told
    assert DESK not in told


@pytest.mark.req("A17")
def test_mail_is_looked_for_far_more_often_than_once_a_minute():
    every = [chore.every for chore in (*chores.chores(), *chores.long_chores(), *chores.post()) if chore.name == "mail"]
    assert every
    assert max(every) <= 5


@pytest.mark.req("A17")
def test_no_kind_of_event_is_without_its_line_above():
    assert set(Kind) - events.QUIET == {kind for _, kind in CHANGES.values() if "." not in kind} - events.QUIET
    assert {f"admin: {action}" for action in ACTIONS} <= set(CHANGES)
