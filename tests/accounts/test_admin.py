"""Accounts in admin: no passwords, no detours around the step-up, changes at once."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import services
from accounts.models import Group, SignupPolicy, User
from accounts.user_admin import UserAdmin
from common import version
from notifications.models import Delivery
from security.models import Session
from tests.accounts.conftest import Browser
from tests.second_factor import enroll
from wallet import ledger

USERS = "/admin/accounts/user/"
START = timezone.now()


def fields(user: User, **changed) -> dict[str, object]:
    """What the form of an account sends."""
    stored = {"username": user.username, "email": user.email, "group": user.group_id}
    flags = {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    return {name: value for name, value in {**stored, **flags, **changed}.items() if value is not None}


@pytest.mark.req("I17")
def test_the_admin_has_no_sign_in_form_of_its_own(user, browser):
    asked = browser.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    assert browser.post("/admin/login/", {"username": "mei", "password": "x"})["Location"].startswith(
        "/accounts/login/"
    )


@pytest.mark.req("I17")
def test_people_who_are_no_staff_stay_out(signed_in):
    assert signed_in.get("/admin/", follow=True).status_code == 403
    assert signed_in.get(USERS, follow=True).status_code == 403


@pytest.mark.req("C1")
def test_a_write_without_a_fresh_proof_writes_nothing(admin, user):
    enroll(admin)
    browser = Browser()
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in("root", "quite a long passphrase")
        browser.confirm(admin)
        clock.shift(timedelta(minutes=11))
        answer = browser.post(f"{USERS}{user.pk}/change/", fields(user, is_staff="on"))
        assert answer.status_code == 302
        user.refresh_from_db()
        assert not user.is_staff


@pytest.mark.req("I18")
def test_nobody_sees_or_sets_a_password(user, admin_browser):
    page = admin_browser.page(f"{USERS}{user.pk}/change/")
    assert user.password not in page
    assert 'name="password' not in page
    assert admin_browser.get(f"{USERS}{user.pk}/password/").status_code in {302, 404}
    before = user.password
    admin_browser.post(f"{USERS}{user.pk}/change/", fields(user, password="x", password1="x", password2="x"))
    user.refresh_from_db()
    assert user.password == before


def test_accounts_are_found_by_name_and_address(user, admin_browser):
    assert "mei@example.com" in admin_browser.page(f"{USERS}?q=mei")
    assert "mei@example.com" not in admin_browser.page(f"{USERS}?q=nobody")
    assert "mei@example.com" in admin_browser.page(f"{USERS}?is_active__exact=1&group__id__exact={user.group_id}")


def test_a_new_account_has_a_wallet_and_no_password(group, admin_browser):
    form = {"username": "ann", "email": "Ann@example.com", "group": group.pk, "is_active": "on"}
    assert admin_browser.post(f"{USERS}add/", form).status_code == 302
    ann = User.objects.get(username="ann")
    assert not ann.has_usable_password()
    assert ledger.balance(ann.pk).free == 0
    assert ann.wallet.balance == 0
    assert EmailAddress.objects.get(user=ann).verified


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "MEI"},
        {"username": "a b"},
        {"username": ""},
        {"email": "mei@example.com"},
        {"email": "x"},
        {"group": ""},
    ],
)
def test_what_will_not_do_makes_no_account(user, admin_browser, wrong):
    form = {"username": "ann", "email": "ann@example.com", "group": user.group_id, "is_active": "on", **wrong}
    assert admin_browser.post(f"{USERS}add/", form).status_code == 200, "the form again"
    assert not User.objects.filter(username="ann").exists()


def test_the_form_neither_disables_nor_enables(user, admin_browser):
    assert admin_browser.post(f"{USERS}{user.pk}/change/", fields(user, is_active=None)).status_code == 302
    user.refresh_from_db()
    assert user.is_active


def test_the_form_stores_what_was_changed_and_nothing_else(user, admin_browser, monkeypatch):
    """A password that was changed while the form was open stays changed."""
    before = user.password
    page = UserAdmin.save_model

    def meanwhile(*args, **kwargs):
        services.set_password(user, "another good passphrase")
        page(*args, **kwargs)

    monkeypatch.setattr(UserAdmin, "save_model", meanwhile)
    admin_browser.post(f"{USERS}{user.pk}/change/", fields(user, email="mei@example.org"))
    user.refresh_from_db()
    assert user.email == "mei@example.org"
    assert user.password != before


def test_another_group_reaches_the_workers(user, admin_browser):
    gold, before = Group.objects.create(name="gold"), version.current()
    admin_browser.post(f"{USERS}{user.pk}/change/", fields(user, group=gold.pk))
    user.refresh_from_db()
    assert user.group == gold
    assert version.current() > before


def test_deleting_takes_the_account_and_all_it_has(user, admin_browser):
    ledger.open_wallet(user.pk)
    before = version.current()
    admin_browser.post(f"{USERS}{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()
    assert version.current() > before


def test_deleting_several_at_once(user, admin_browser):
    admin_browser.post(USERS, {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()


def test_changing_a_group_tells_the_workers(group, admin_browser):
    before = version.current()
    page = f"/admin/accounts/group/{group.pk}/change/"
    form = {"name": "default", "is_default": "on", "multiplier_ppm": 900_000, "allowed_models": "[]", "max_keys": 5}
    assert admin_browser.post(page, form).status_code == 302
    group.refresh_from_db()
    assert group.multiplier_ppm == 900_000
    assert version.current() > before


def test_the_default_group_cannot_be_deleted(group, admin_browser):
    assert admin_browser.post(f"/admin/accounts/group/{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Group.objects.filter(pk=group.pk).exists()


def test_the_policy_takes_dollars(admin_browser):
    page = "/admin/accounts/signuppolicy/"
    assert admin_browser.get(page).status_code == 200
    admin_browser.post(page, {"mode": "open", "domains": "", "credit_usd": "2.50"})
    policy = SignupPolicy.objects.get()
    assert (policy.mode, policy.credit) == ("open", 2_500_000_000)
    assert "2.5" in admin_browser.page(page)
    admin_browser.post(page, {"mode": "", "domains": "", "credit_usd": ""})
    policy.refresh_from_db()
    assert (policy.mode, policy.credit) == ("", None)


@pytest.mark.parametrize(
    "wrong", [{"credit_usd": "-1"}, {"credit_usd": "x"}, {"mode": "all"}, {"mode": "domain", "domains": "a.b"}]
)
def test_a_policy_that_cannot_work_is_refused(admin_browser, wrong):
    page = "/admin/accounts/signuppolicy/"
    admin_browser.get(page)
    assert admin_browser.post(page, {"mode": "", "domains": "", "credit_usd": "", **wrong}).status_code == 200
    assert not SignupPolicy.objects.exclude(mode="", credit=None).exists()


def test_deliveries_can_be_looked_at_and_nothing_else(user, admin_browser):
    services.set_password(user, "another good passphrase")
    row = Delivery.objects.get()
    assert "Your Tollgate password was changed" in admin_browser.page("/admin/notifications/delivery/")
    page = f"/admin/notifications/delivery/{row.pk}/"
    assert row.payload not in admin_browser.page(f"{page}change/")
    assert admin_browser.post(f"{page}change/", {"subject": "x"}).status_code == 403
    assert admin_browser.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert admin_browser.get("/admin/notifications/delivery/add/").status_code == 403


def test_the_admins_own_password_page_is_ours(admin_browser):
    assert admin_browser.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


@pytest.mark.req("B3")
def test_signing_out_in_admin_is_the_same_sign_out(admin_browser):
    answer = admin_browser.post("/admin/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.exists()


def test_a_banner_says_when_mail_goes_to_files(admin_browser, settings):
    assert "Set EMAIL_URL" in admin_browser.page("/admin/")
    settings.EMAIL_URL = "smtp://mail.example"
    assert "Set EMAIL_URL" not in admin_browser.page("/admin/")


def test_what_would_show_secrets_or_confuse_is_not_in_admin(admin_browser):
    page = admin_browser.page("/admin/")
    for path in ("/admin/auth/group/", "/admin/account/emailaddress/", "/admin/socialaccount/socialapp/"):
        assert path not in page
        assert admin_browser.get(path).status_code == 404
