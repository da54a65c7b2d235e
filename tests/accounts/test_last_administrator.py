"""Somebody is always left who may do everything."""

import pytest
from django.core.management import CommandError, call_command

from accounts import services
from accounts.models import User
from accounts.services import LastAdministrator
from tests.together import together

pytestmark = pytest.mark.req("L5")


@pytest.fixture
def second(group) -> User:
    return services.create(username="vera", email="vera@example.com", password=None, staff=True, group=group)


@pytest.mark.parametrize("verb", [services.delete, services.disable])
def test_the_last_administrator_stays(admin, user, verb):
    with pytest.raises(LastAdministrator):
        verb(admin)
    assert User.objects.get(pk=admin.pk).is_active


@pytest.mark.parametrize("verb", [services.delete, services.disable])
def test_others_may_go(admin, user, verb):
    verb(user)
    assert not User.objects.filter(pk=user.pk, is_active=True).exists()


@pytest.mark.parametrize("verb", [services.delete, services.disable])
def test_an_administrator_may_go_while_another_stays(admin, second, verb):
    verb(admin)
    with pytest.raises(LastAdministrator):
        verb(second)


@pytest.mark.parametrize("missing", ["is_active", "is_staff", "is_superuser"])
def test_who_may_not_do_everything_does_not_count(admin, second, missing):
    User.objects.filter(pk=second.pk).update(**{missing: False})
    with pytest.raises(LastAdministrator):
        services.delete(admin)


def test_an_installation_without_an_administrator_hinders_nobody(user):
    services.delete(user)
    assert not User.objects.exists()


def test_who_was_disabled_already_is_not_the_last_one(admin, second):
    services.disable(second)
    services.delete(second)
    assert User.objects.get() == admin


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", [services.delete, services.disable])
def test_two_administrators_that_leave_at_once_are_not_both_let_go(group, verb):
    for turn in range(5):
        User.objects.all().delete()
        both = [
            services.create(
                username=f"{name}{turn}", email=f"{name}@example.com", password=None, staff=True, group=group
            )
            for name in ("ann", "bob")
        ]

        def leave(number: int) -> bool:
            try:
                verb(both[number])  # noqa: B023 (at once)
            except LastAdministrator:
                return False
            return True

        assert sorted(together(2, leave)) == [False, True]
        assert User.objects.filter(services.ADMINISTRATORS).count() == 1


def change(admin_browser, admin, **fields):
    data = {"username": "root", "email": admin.email, "group": admin.group_id, "reason": "Handing over"}
    data |= {"is_staff": "on", "is_superuser": "on"} | fields
    data = {name: value for name, value in data.items() if value}
    return admin_browser.post(f"/admin/accounts/user/{admin.pk}/change/", data)


@pytest.mark.parametrize("missing", ["is_staff", "is_superuser"])
def test_admin_does_not_demote_the_last_one(admin, admin_browser, missing):
    refused = change(admin_browser, admin, **{missing: ""})
    assert refused.status_code == 200
    assert "last administrator" in refused.content.decode()
    assert getattr(User.objects.get(pk=admin.pk), missing)


def test_admin_demotes_one_of_two(admin, admin_browser, second):
    assert change(admin_browser, admin, is_superuser="").status_code == 302
    assert not User.objects.get(pk=admin.pk).is_superuser


def test_admin_does_not_delete_the_last_one(admin, admin_browser):
    path = f"/admin/accounts/user/{admin.pk}/delete/"
    assert "last administrator" in admin_browser.page(path)
    admin_browser.post(path, {"post": "yes"})
    assert User.objects.filter(pk=admin.pk).exists()


def test_admin_does_not_delete_all_of_them_together(admin, admin_browser, second, user):
    chosen = {"action": "delete_selected", "_selected_action": [admin.pk, second.pk, user.pk]}
    assert "last administrator" in admin_browser.post("/admin/accounts/user/", chosen).content.decode()
    admin_browser.post("/admin/accounts/user/", {**chosen, "post": "yes"})
    assert User.objects.count() == 3


def test_admin_deletes_some_of_them(admin, admin_browser, second, user):
    chosen = {"action": "delete_selected", "_selected_action": [second.pk, user.pk], "post": "yes"}
    admin_browser.post("/admin/accounts/user/", chosen)
    assert User.objects.get() == admin


@pytest.mark.parametrize("words", [["delete", "root", "--yes"], ["disable", "root"]])
def test_the_command_refuses_too(admin, capsys, words):
    with pytest.raises(CommandError) as ended:
        call_command("user", *words)
    assert ended.value.returncode == 1
    assert "root is the last administrator." in capsys.readouterr().err
    assert User.objects.get().is_active


def test_an_account_that_is_gone_already_is_said_to_be(user):
    User.objects.filter(pk=user.pk).delete()
    with pytest.raises(services.AccountGone):
        services.delete(user)
