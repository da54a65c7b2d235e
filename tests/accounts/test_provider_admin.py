"""Identity providers in admin: added, their secret unseen, id and issuer bound together."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection

from accounts import providers
from accounts.models import Provider

ADD = "/admin/accounts/provider/add/"
FORM = {
    "slug": "acme",
    "name": "Acme",
    "issuer": "https://93.184.216.34/",
    "client_id": "tollgate",
    "secret": "canary-secret",
    "enabled": "on",
}


@pytest.fixture
def stored(admin_browser) -> Provider:
    assert admin_browser.post(ADD, FORM).status_code == 302
    return Provider.objects.get()


def edit(provider: Provider) -> str:
    return f"/admin/accounts/provider/{provider.pk}/change/"


def test_a_provider_is_added(stored):
    found = providers.get("acme")
    assert (found.url, found.client_secret) == ("https://93.184.216.34/", "canary-secret")


@pytest.mark.req("I19")
def test_its_secret_is_encrypted_and_never_shown(stored, admin_browser):
    assert "canary-secret" not in admin_browser.page(edit(stored))
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM accounts_provider")
        assert "canary-secret" not in str(cursor.fetchall())


def test_an_empty_secret_keeps_the_stored_one(stored, admin_browser):
    assert admin_browser.post(edit(stored), FORM | {"secret": "", "name": "Acme Inc"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.name, stored.client_secret) == ("Acme Inc", "canary-secret")


@pytest.mark.req("G3")
def test_an_id_keeps_its_issuer(stored, admin_browser):
    admin_browser.post(edit(stored), FORM | {"issuer": "https://93.184.216.35/", "slug": "other"})
    stored.refresh_from_db()
    assert (stored.slug, stored.issuer) == ("acme", "https://93.184.216.34/")


@pytest.mark.req("G3")
def test_a_provider_that_is_used_stays(stored, admin_browser, user):
    SocialAccount.objects.create(user=user, provider="acme", uid="u-1")
    assert admin_browser.post(edit(stored).replace("change", "delete"), {"post": "yes"}).status_code == 403
    admin_browser.post(
        "/admin/accounts/provider/", {"action": "delete_selected", "_selected_action": stored.pk, "post": "yes"}
    )
    assert Provider.objects.exists()


def test_one_that_is_not_used_goes(stored, admin_browser):
    assert admin_browser.post(edit(stored).replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "github"},
        {"slug": "of-env"},
        {"slug": "a b"},
        {"issuer": "http://127.0.0.1:4000"},
        {"issuer": "http://169.254.169.254/"},
        {"issuer": "ftp://93.184.216.34/"},
        {"issuer": "https://user:pass@93.184.216.34/"},
        {"secret": ""},
    ],
)
def test_what_will_not_do_is_refused(admin_browser, settings, wrong):
    settings.PROVIDERS = [
        {"id": "of-env", "name": "E", "url": "https://e.example", "client_id": "c", "client_secret": "s"}
    ]
    assert admin_browser.post(ADD, FORM | wrong).status_code in {200, 422}
    assert not Provider.objects.exists()
