"""`user` and `group` on the command line."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.administrators import COMMAND_LINE
from accounts.models import Group, Invite, User
from notifications.models import Delivery
from security.models import AccessToken, Event, RecoveryCode, Session, TOTPDevice
from tests.security.ranks import letter, of_rank
from wallet import ledger

PASSWORD = "quite a long passphrase"


@pytest.fixture
def run(db, capsys, monkeypatch):
    """Run a command; return status, output and complaint."""

    def command(*words: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = 0
        try:
            call_command(*words)
        except CommandError as ended:
            status = ended.returncode
        told = capsys.readouterr()
        return status, told.out, told.err

    return command


def test_an_account_is_made_with_all_that_was_asked_for(run):
    Group.objects.create(name="gold")
    words = ["user", "create", "ann", "--email", "Ann@example.com", "--staff", "--group", "gold", "--credit", "2.50"]
    status, out, _ = run(*words, "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert status == 0
    assert json.loads(out) | {"id": 0, "created_at": ""} == {
        "id": 0,
        "username": "ann",
        "email": "ann@example.com",
        "group": "gold",
        "active": True,
        "staff": True,
        "balance_usd": "2.50",
        "held_usd": "0.00",
        "created_at": "",
        "last_sign_in_at": None,
    }
    ann = User.objects.get()
    assert ann.check_password(PASSWORD)
    assert ledger.balance(ann.pk).free == 2_500_000_000


def test_without_a_password_a_reset_is_needed(run):
    assert run("user", "create", "ann", "--email", "ann@example.com")[0] == 0
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize(
    ("words", "stdin", "status"),
    [
        (["a b", "--email", "a@example.com"], "", 2),
        (["ann", "--email", "nobody"], "", 2),
        (["ann", "--email", "a@example.com", "--password-stdin"], "short\n", 2),
        (["ann", "--email", "a@example.com", "--password-stdin"], "", 2),
        (["ann", "--email", "a@example.com", "--group", "nope"], "", 2),
        (["MEI", "--email", "a@example.com"], "", 1),
        (["ann", "--email", "MEI@example.com"], "", 1),
    ],
)
def test_what_will_not_do_makes_nothing_and_says_why(run, user, words, stdin, status):
    got, out, err = run("user", "create", *words, stdin=stdin)
    assert got == status
    assert out == ""
    assert err.strip()
    assert User.objects.count() == 1


@pytest.mark.parametrize("credit", ["-1", "x", "NaN", "0.0000000001", "99999999999999999999"])
def test_a_credit_that_is_no_amount_makes_nothing(run, credit):
    with pytest.raises(Exception, match=r"amount|negative"):
        call_command("user", "create", "ann", "--email", "a@example.com", f"--credit={credit}")
    assert not User.objects.exists()


def test_an_invitation_is_mailed(run, settings):
    settings.SIGNUP = "invite"
    Group.objects.create(name="gold")
    words = ["Ann@example.com", "--group", "gold", "--credit", "2.50", "--expires", "2w", "--json"]
    status, out, err = run("user", "invite", *words)
    invite = Invite.objects.get()
    told = json.loads(out)
    assert (status, err) == (0, "")
    assert (told["email"], told["group"], told["credit_usd"]) == ("ann@example.com", "gold", "2.50")
    assert (invite.group.name, invite.credit, invite.invited_by) == ("gold", 2_500_000_000, "")
    assert timedelta(days=13) < invite.expires_at - timezone.now() <= timedelta(days=14)
    assert Delivery.objects.get().subject == "You are invited to Tollgate"


def test_an_invitation_to_a_closed_house_is_pointed_out(run):
    status, out, err = run("user", "invite", "ann@example.com")
    assert status == 0
    assert "A link for ann@example.com is on its way" in out
    assert "Sign-up is closed" in err


@pytest.mark.parametrize(
    ("words", "status"), [(["nobody"], 2), (["mei@example.com"], 1), (["ann@example.com", "--group", "nope"], 2)]
)
def test_an_invitation_that_will_not_do_is_refused(run, user, words, status):
    got, out, err = run("user", "invite", *words)
    assert (got, out) == (status, "")
    assert err.strip()
    assert not Invite.objects.exists()


@pytest.mark.parametrize("expires", ["x", "0d", "2001-01-31"])
def test_an_invitation_ends_in_the_future(run, expires):
    with pytest.raises(Exception, match=r"use 7d|over already"):
        call_command("user", "invite", "ann@example.com", "--expires", expires)
    assert not Invite.objects.exists()


def test_accounts_are_listed_by_name(run, user, group):
    User.objects.create_user("ann", "ann@example.com", None, group=group, is_active=False)
    _, out, _ = run("user", "list")
    assert out.splitlines() == ["ann  ann@example.com  default  disabled", "mei  mei@example.com  default"]
    assert [row["username"] for row in json.loads(run("user", "list", "mei@", "--json")[1])] == ["mei"]


def test_one_account_is_shown(run, user):
    assert json.loads(run("user", "show", "MEI", "--json")[1])["username"] == "mei"
    assert "email: mei@example.com" in run("user", "show", "mei")[1]


def test_disable_and_enable(run, user):
    assert run("user", "disable", "mei")[0] == 0
    assert not User.objects.get().is_active
    assert run("user", "enable", "mei")[0] == 0
    assert User.objects.get().is_active


def test_delete(run, user):
    assert run("user", "delete", "mei", "--yes")[0] == 0
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "verb", [["show"], ["disable"], ["enable"], ["delete", "--yes"], ["reset-mfa", "--reason", "Lost"]]
)
def test_an_unknown_name_is_status_one(run, user, verb):
    status, _, err = run("user", verb[0], "nobody", *verb[1:])
    assert status == 1
    assert "There is no user nobody." in err
    assert User.objects.count() == 1


def test_a_group_is_made_and_changed(run):
    made = json.loads(
        run("group", "set", "gold", "--multiplier", "0.8", "--models", "a, b", "--rpm", "60", "--json")[1]
    )
    assert (made["multiplier"], made["models"], made["rpm"], made["default"]) == ("0.8", ["a", "b"], 60, False)
    changed = json.loads(run("group", "set", "gold", "--rpm", "0", "--models", "", "--default", "--json")[1])
    assert (changed["multiplier"], changed["models"], changed["rpm"], changed["default"]) == ("0.8", [], None, True)
    assert changed["streams"] == 20, "unless told otherwise"
    assert json.loads(run("group", "set", "gold", "--streams", "0", "--json")[1])["streams"] is None
    listed = json.loads(run("group", "list", "--json")[1])
    assert [row["name"] for row in listed if row["default"]] == ["gold"]


def test_groups_are_listed_with_their_accounts(run, user):
    assert "default  x1  1 accounts  (default)" in run("group", "list")[1]


@pytest.mark.parametrize("words", [["gold", "--multiplier", "x"], ["x" * 65], ["gold", "--multiplier", "-1"]])
def test_a_group_that_will_not_do_is_status_two(run, words):
    status, _, err = run("group", "set", *words)
    assert status == 2
    assert err.strip()
    assert not Group.objects.filter(name="gold").exists()


def test_amounts_are_exact(run):
    run("user", "create", "ann", "--email", "ann@example.com", "--credit", "0.000000001")
    assert ledger.balance(User.objects.get().pk).free == 1


def test_show_tells_all_but_secrets(run, group):
    ann = of_rank("staff", "ann", group)
    shown = run("user", "show", "ann", "--json")[1]
    facts = json.loads(shown)
    assert (facts["group"], facts["staff"], facts["superuser"], facts["password"]) == ("default", True, False, True)
    assert facts["permissions"] == ["accounts.change_user", "accounts.delete_user", "accounts.view_user"]
    assert facts["policy"]["multiplier"] == "1"
    assert (facts["second_factor"]["app"], facts["second_factor"]["recovery_codes_left"]) == (True, 10)
    assert facts["second_factor"]["required_from"]
    assert [passkey["name"] for passkey in facts["passkeys"]] == ["Laptop"]
    assert [token["name"] for token in facts["tokens"]] == ["build"]
    assert len(facts["sessions"]) == 1
    assert (facts["balance_usd"], facts["total_usd"], facts["owed_usd"]) == ("0.00", "0.00", "0.00")
    printed = shown + run("user", "show", "ann")[1]
    secrets = [ann.password, TOTPDevice.objects.get().secret, AccessToken.objects.get().digest]
    secrets += [Session.objects.get().session_key, *RecoveryCode.objects.values_list("digest", flat=True)]
    assert [secret for secret in secrets if secret in printed] == []


def test_show_reads_well(run, group):
    of_rank("account", "ann", group)
    printed = run("user", "show", "ann")[1].splitlines()
    assert "staff: no" in printed
    assert "  recovery_codes_left: 10" in printed
    assert "tokens: 1" in printed
    assert "language: " in printed


@pytest.mark.req("A17")
def test_reset_mfa_removes_the_second_factor_and_tells_its_owner_why(run, group):
    ann = of_rank("account", "ann", group)
    status, out, _ = run("user", "reset-mfa", "ANN", "--reason", " Lost  her phone ")
    assert (status, out) == (0, "ANN has no second factor any more.\n")
    assert not TOTPDevice.objects.exists()
    assert not Session.objects.filter(user=ann).exists()
    event = Event.objects.get(kind="totp-off")
    assert (event.actor, event.reason) == (COMMAND_LINE, "Lost her phone")
    assert "Reason: Lost her phone" in letter("security.totp-off")
    assert run("user", "reset-mfa", "ann", "--reason", "again")[1] == "ann had no authenticator app.\n"


@pytest.mark.parametrize("words", [[], ["--reason", ""], ["--reason", "  "]])
def test_reset_mfa_asks_why(run, group, words):
    of_rank("account", "ann", group)
    with pytest.raises(Exception, match=r"say why|Missing"):
        call_command("user", "reset-mfa", "ann", *words)
    assert TOTPDevice.objects.exists()


@pytest.mark.req("A17")
def test_disable_and_enable_tell_the_owner_why(run, user):
    run("user", "disable", "mei", "--reason", "Left")
    run("user", "enable", "mei")
    disabled, enabled = Event.objects.order_by("pk")
    assert (disabled.kind, disabled.actor, disabled.reason) == ("disabled", COMMAND_LINE, "Left")
    assert (enabled.kind, enabled.actor, enabled.reason) == ("enabled", COMMAND_LINE, "")
    assert "Reason: Left" in letter("security.disabled")
