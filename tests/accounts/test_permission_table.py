"""The table of permissions on the page of an account."""

import re

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.utils import translation

from accounts.models import User
from accounts.permission_table import PermissionTable
from tests.accounts.test_admin import USERS, fields

BOX = re.compile(r'<input type="checkbox" name="user_permissions" value="(\d+)"[^>]*aria-labelledby="(\S+) (\S+)"')


def number(codename: str) -> int:
    return Permission.objects.get(codename=codename).pk


def codenames(user: User) -> set[str]:
    return set(user.user_permissions.values_list("codename", flat=True))


def test_each_box_is_named_by_its_row_and_its_column(user, admin_browser):
    page = admin_browser.page(f"{USERS}{user.pk}/change/")
    boxes = {int(value): (row, verb) for value, row, verb in BOX.findall(page)}
    row, verb = boxes[number("view_wallet")]
    assert f'id="{row}">Wallets<' in page
    assert f'id="{verb}">View<' in page
    assert boxes[number("delete_wallet")] == (row, verb.replace("view", "delete"))
    assert number("view_totpdevice") not in boxes, "the administration shows none"
    assert "selectfilter" not in page


def test_it_speaks_the_language_of_its_reader(user, admin_browser):
    with translation.override("zh-hans"):
        table = str(PermissionTable().render("user_permissions", [], {"id": "id_user_permissions"}))
    assert "查看" in table
    assert "Can view" not in admin_browser.page(f"{USERS}{user.pk}/change/")


def test_what_is_held_is_ticked_and_what_is_ticked_is_held(user, admin_browser):
    user.user_permissions.add(number("view_wallet"))
    page = admin_browser.page(f"{USERS}{user.pk}/change/")
    ticked = re.findall(r'name="user_permissions" value="(\d+)"[^>]* checked>', page)
    assert [int(value) for value in ticked] == [number("view_wallet")]
    sent = fields(user, user_permissions=[number("view_price"), number("add_price")], reason="Keeps the prices")
    assert admin_browser.post(f"{USERS}{user.pk}/change/", sent).status_code == 302
    assert codenames(user) == {"view_price", "add_price"}


def test_what_the_table_does_not_list_is_not_dropped(user, admin_browser):
    """Not even by who may do everything: a permission of a table that the administration does not show."""
    user.user_permissions.add(number("view_totpdevice"), number("view_wallet"))
    sent = fields(user, username="mei.lin", user_permissions=[number("view_wallet")])
    assert admin_browser.post(f"{USERS}{user.pk}/change/", sent).status_code == 302
    assert codenames(user) == {"view_totpdevice", "view_wallet"}
    assert admin_browser.post(f"{USERS}{user.pk}/change/", {**sent, "user_permissions": []}).status_code == 200
    sent = {**sent, "user_permissions": [], "reason": "Left the team"}
    assert admin_browser.post(f"{USERS}{user.pk}/change/", sent).status_code == 302
    assert codenames(user) == {"view_totpdevice"}


@pytest.mark.django_db
def test_a_permission_of_another_kind_has_its_own_line():
    kind = ContentType.objects.get(app_label="wallet", model="wallet")
    own = Permission.objects.create(content_type=kind, codename="audit", name="Can <audit> everything")
    known = Permission.objects.filter(content_type=kind).select_related("content_type")
    field = forms.ModelMultipleChoiceField(known, widget=PermissionTable)
    table = field.widget.render("user_permissions", [own.pk], {"id": "id_user_permissions"})
    assert re.search(rf'value="{own.pk}"[^>]* checked> Can &lt;audit&gt; everything</label>', table)
    assert len(BOX.findall(table)) == 4
