"""Rights of accounts in admin: who may hand on what, and that each change is written down and mailed."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import Group, User
from notifications.models import Delivery
from security.models import Event, Session
from tests.accounts.conftest import Browser
from tests.security.ranks import allow, enter, letter, of_rank
from tests.together import together

WHY = "Takes over the billing"
USERS = "/admin/accounts/user/"


def number(codename: str) -> int:
    return Permission.objects.get(codename=codename).pk


def save(browser: Browser, user: User, **changed):
    """Send the form of an account as it stands, but for what is changed."""
    now = User.objects.get(pk=user.pk)
    held = list(now.user_permissions.values_list("pk", flat=True))
    data = {"username": now.username, "email": now.email, "group": now.group_id, "user_permissions": held}
    data |= {name: "on" for name in ("is_staff", "is_superuser") if getattr(now, name)} | {"reason": WHY} | changed
    sent = {name: value for name, value in data.items() if value is not None}
    return browser.post(f"{USERS}{user.pk}/change/", sent)


def codenames(user: User) -> set[str]:
    return set(user.user_permissions.values_list("codename", flat=True))


@pytest.fixture
def boss(group) -> User:
    return of_rank("administrator", "root", group)


@pytest.fixture
def mei(group) -> User:
    return of_rank("account", "mei", group)


@pytest.fixture
def staff(group) -> User:
    made = of_rank("staff", "vera", group)
    allow(made, "view_wallet", "add_user")
    return made


@pytest.fixture
def desk(boss, mei) -> Browser:
    browser = enter(boss)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return browser


@pytest.fixture
def office(boss, staff, mei) -> Browser:
    """The browser of staff who may change accounts."""
    browser = enter(staff, "198.51.100.20")
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return browser


@pytest.mark.req("A17")
def test_a_change_of_rank_is_written_down_before_and_after_and_mailed(desk, mei):
    assert save(desk, mei, is_staff="on", user_permissions=[number("view_wallet")]).status_code == 302
    mei.refresh_from_db()
    assert (mei.is_staff, mei.is_superuser, codenames(mei)) == (True, False, {"view_wallet"})
    event = Event.objects.get(user=mei)
    assert (event.kind, event.actor, event.reason) == ("rights-changed", "root", WHY)
    assert event.detail == "staff: no → yes; permissions: + wallet.view_wallet"
    told = letter("security.rights-changed")
    assert event.detail in told
    assert f"Reason: {WHY}" in told


@pytest.mark.req("A17")
def test_taking_rights_back_is_written_down_too(desk, mei):
    save(desk, mei, is_staff="on", is_superuser="on", user_permissions=[number("view_wallet"), number("view_user")])
    save(desk, mei, is_staff=None, is_superuser=None, user_permissions=[number("view_user")])
    last = Event.objects.filter(user=mei).latest("pk")
    assert last.detail == "staff: yes → no; superuser: yes → no; permissions: - wallet.view_wallet"
    assert Event.objects.filter(user=mei).count() == 2


@pytest.mark.req("A17")
def test_another_group_is_written_down_and_needs_no_reason(desk, mei):
    gold = Group.objects.create(name="gold")
    assert save(desk, mei, group=gold.pk, reason="").status_code == 302
    assert Event.objects.get(user=mei).detail == "group: default → gold"


def test_what_changes_no_right_tells_of_none(desk, mei):
    assert save(desk, mei, username="mei.lin", reason="").status_code == 302
    assert User.objects.get(pk=mei.pk).username == "mei.lin"
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.req("A17")
def test_another_address_is_told_to_the_old_one_with_actor_and_reason(desk, mei):
    save(desk, mei, email="mei@example.org")
    event = Event.objects.get(user=mei)
    assert (event.kind, event.actor, event.reason) == ("email-changed", "root", WHY)
    assert WHY in letter("security.email-changed")


@pytest.mark.parametrize(
    "changed", [{"is_staff": "on"}, {"is_superuser": "on"}, {"user_permissions": ["view_wallet"]}, {"reason": " "}]
)
def test_rights_do_not_change_without_a_reason(desk, mei, changed):
    named = [number(name) for name in changed.get("user_permissions", ["view_user"])]
    sent = save(desk, mei, **{"reason": "", **changed, "user_permissions": named})
    assert sent.status_code == 200
    assert "Say why the rights change." in sent.content.decode()
    mei.refresh_from_db()
    assert (mei.is_staff, mei.is_superuser, codenames(mei)) == (False, False, set())
    assert not Event.objects.exists()


def test_a_new_administrator_is_written_down_as_one(desk, group):
    form = {"username": "ann", "email": "ann@example.com", "group": group.pk, "is_staff": "on", "is_superuser": "on"}
    assert desk.post(f"{USERS}add/", form).status_code == 302
    event = Event.objects.get(user__username="ann")
    assert (event.actor, event.detail) == ("root", "staff: no → yes; superuser: no → yes")


def test_a_new_account_without_rights_is_no_change_of_rights(desk, group):
    assert desk.post(f"{USERS}add/", {"username": "ann", "email": "ann@example.com", "group": group.pk}).status_code
    assert User.objects.filter(username="ann").exists()
    assert not Event.objects.exists()


@pytest.mark.req("I15")
def test_staff_hands_on_no_rank(office, mei, group):
    assert save(office, mei, is_staff="on", is_superuser="on").status_code == 302
    form = {"username": "ann", "email": "a@example.com", "group": group.pk, "is_staff": "on", "is_superuser": "on"}
    assert office.post(f"{USERS}add/", form).status_code == 302
    for user in User.objects.filter(username__in=["mei", "ann"]):
        assert (user.is_staff, user.is_superuser) == (False, False)
    assert not Event.objects.exists()


@pytest.mark.req("I15")
def test_staff_hands_on_no_permission_that_they_do_not_hold(office, mei):
    page = office.page(f"{USERS}{mei.pk}/change/")
    assert f'value="{number("view_wallet")}"' in page
    assert f'value="{number("change_wallet")}"' not in page
    for codenames_sent in (["change_wallet"], ["view_wallet", "delete_channel"]):
        sent = save(office, mei, user_permissions=[number(name) for name in codenames_sent])
        assert sent.status_code == 200, "refused as a whole"
    assert codenames(mei) == set()
    assert save(office, mei, user_permissions=[number("view_wallet")]).status_code == 302
    assert codenames(mei) == {"view_wallet"}
    assert Event.objects.get(user=mei).actor == "vera"


def test_what_staff_may_not_touch_stays(office, mei):
    allow(mei, "change_wallet", "view_wallet")
    assert save(office, mei, user_permissions=[], username="mei.lin").status_code == 302
    assert codenames(mei) == {"change_wallet"}
    assert Event.objects.get(user=mei).detail == "permissions: - wallet.view_wallet"


def test_staff_saves_an_account_with_rights_of_its_own_without_a_reason(office, mei):
    allow(mei, "change_wallet")
    assert save(office, mei, user_permissions=[], username="mei.lin", reason="").status_code == 302
    assert codenames(mei) == {"change_wallet"}
    assert not Event.objects.exists()


@pytest.mark.req("I15")
def test_staff_gives_nothing_to_themselves(office, staff):
    assert save(office, staff, user_permissions=[number("change_wallet")]).status_code == 403
    assert "change_wallet" not in codenames(staff)


def test_a_form_that_was_opened_before_the_rank_was_lost_is_refused(boss, desk, mei):
    """The session's own copy of who acts is old by then: the row under the lock decides."""
    of_rank("administrator", "otto", mei.group)
    request_user = User.objects.get(pk=boss.pk)
    assert request_user.is_superuser
    User.objects.filter(pk=boss.pk).update(is_superuser=False)
    assert save(desk, mei, username="taken.over").status_code == 403
    assert User.objects.get(pk=mei.pk).username == "mei"


@pytest.mark.req("L5")
@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_demote_each_other_one_stays(group):
    for turn in range(4):
        Session.objects.all().delete()
        User.objects.all().delete()
        both = [of_rank("administrator", f"{name}{turn}", group) for name in ("ann", "bob")]
        browsers = [enter(user, f"198.51.100.{10 * turn + place + 1}") for place, user in enumerate(both)]

        def demote(place: int) -> int:
            answer = save(browsers[place], both[1 - place], is_superuser=None, is_staff=None)  # noqa: B023 (at once)
            return int(answer.status_code)

        answers = sorted(together(2, demote))
        left = User.objects.filter(is_superuser=True, is_staff=True)
        assert left.count() == 1
        assert answers[0] in {200, 302}
        assert answers.count(302) <= 2
        assert Event.objects.filter(kind="rights-changed").count() == 1


@pytest.mark.req("L5")
@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_disable_each_other_one_stays(group):
    for turn in range(4):
        Session.objects.all().delete()
        User.objects.all().delete()
        both = [of_rank("administrator", f"{name}{turn}", group) for name in ("ann", "bob")]
        browsers = [enter(user, f"198.51.100.{10 * turn + place + 1}") for place, user in enumerate(both)]

        def shut_out(place: int) -> None:
            page = f"{USERS}act/disable/?ids={both[1 - place].pk}"  # noqa: B023 (at once)
            browsers[place].post(page, {"reason": WHY})  # noqa: B023

        together(2, shut_out)
        assert User.objects.filter(is_active=True).count() == 1
        assert Event.objects.filter(kind="disabled").count() == 1
