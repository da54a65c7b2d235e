"""Who stands above whom, who may act on whom, and how a change of rights is put into words."""

import pytest
from django.contrib.auth.models import Group as PermissionGroup
from django.contrib.auth.models import Permission
from django.db import transaction

from accounts import administrators
from accounts.administrators import NotAllowed, Rank, Rights
from accounts.models import User
from accounts.services import AccountGone
from tests.security.ranks import allow, of_rank

# who may act on whom: (actor, target)
MAY = {
    *(("administrator", target) for target in ("administrator", "staff", "account")),
    ("staff", "account"),
}
KINDS = ("administrator", "staff", "account")


def test_ranks_follow_what_an_account_may(group):
    assert [administrators.rank(of_rank(kind, kind, group)) for kind in KINDS] == [2, 1, 0]


def test_who_lost_the_door_alone_stands_no_lower(group):
    user = User(is_superuser=True, is_staff=False)
    assert administrators.rank(user) == Rank.ADMINISTRATOR


@pytest.mark.parametrize("actor", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_who_may_act_on_whom(group, actor, target):
    by, on = of_rank(actor, "ann", group), of_rank(target, "bob", group)
    allowed = (actor, target) in MAY
    assert administrators.may_act(by, on) is allowed
    with transaction.atomic():
        if allowed:
            assert administrators.authorize(by, on) == on
        else:
            with pytest.raises(NotAllowed):
                administrators.authorize(by, on)


@pytest.mark.parametrize("actor", KINDS)
def test_nobody_acts_on_themselves_unless_the_page_is_made_for_it(group, actor):
    by = of_rank(actor, "ann", group)
    assert not administrators.may_act(by, by)
    with transaction.atomic():
        with pytest.raises(NotAllowed):
            administrators.authorize(by, by)
        if actor == "administrator":
            assert administrators.authorize(by, by, itself=True) == by
        else:
            with pytest.raises(NotAllowed):
                administrators.authorize(by, by, itself=True)


@pytest.mark.parametrize("lost", [{"is_active": False}, {"is_staff": False}, {"is_superuser": False}])
def test_a_rank_that_was_lost_a_moment_ago_counts_no_more(group, lost):
    by, on = of_rank("administrator", "ann", group), of_rank("administrator", "bob", group)
    User.objects.filter(pk=by.pk).update(**lost)
    with transaction.atomic(), pytest.raises(NotAllowed):
        administrators.authorize(by, on)


def test_staff_acts_on_nobody_without_the_permission(group):
    by, on = of_rank("clerk", "ann", group), of_rank("account", "bob", group)
    with transaction.atomic():
        with pytest.raises(NotAllowed):
            administrators.authorize(by, on)
        allow(by, "change_user")
        assert administrators.authorize(by, on) == on
        with pytest.raises(NotAllowed):
            administrators.authorize(by, on, permission=administrators.DELETE)


def test_an_actor_or_a_target_that_is_gone(group):
    by, on = of_rank("administrator", "ann", group), of_rank("account", "bob", group)
    User.objects.filter(pk=on.pk).delete()
    with transaction.atomic(), pytest.raises(AccountGone):
        administrators.authorize(by, on)
    left = of_rank("account", "eve", group)
    User.objects.filter(pk=by.pk).delete()
    with transaction.atomic(), pytest.raises(NotAllowed):
        administrators.authorize(by, left)


def test_the_command_line_may_act_on_everyone(group):
    on = of_rank("administrator", "ann", group)
    with transaction.atomic():
        assert administrators.authorize(None, on) == on


def test_who_may_hand_on_what(group):
    assert administrators.grantable(of_rank("administrator", "ann", group)).count() == Permission.objects.count()
    staff = of_rank("staff", "bob", group)
    crowd = PermissionGroup.objects.create(name="crowd")
    crowd.permissions.add(Permission.objects.get(codename="view_wallet"), Permission.objects.get(codename="view_user"))
    staff.groups.add(crowd)
    held = {permission.codename for permission in administrators.grantable(staff)}
    assert held == {"view_user", "change_user", "delete_user", "view_wallet"}
    assert not administrators.grantable(of_rank("account", "eve", group)).exists()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Rights(), Rights(), ""),
        (Rights(), Rights(staff=True), "staff: no → yes"),
        (
            Rights(superuser=True, group="default"),
            Rights(superuser=False, group="gold"),
            "superuser: yes → no; group: default → gold",
        ),
        (
            Rights(permissions=frozenset({"a.x", "a.y"})),
            Rights(permissions=frozenset({"a.y", "b.z", "a.w"})),
            "permissions: + a.w, + b.z, - a.x",
        ),
    ],
)
def test_what_changed_is_told_before_and_after(before, after, said):
    assert administrators.difference(before, after) == said


def test_rights_are_read_as_they_are_stored(group):
    staff = of_rank("staff", "ann", group)
    now = administrators.rights(User(pk=staff.pk))
    assert (now.staff, now.superuser, now.group) == (True, False, "default")
    assert now.permissions == {"accounts.view_user", "accounts.change_user", "accounts.delete_user"}
