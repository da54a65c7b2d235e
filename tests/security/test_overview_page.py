"""The security page: every card on one page, and four facts at its head."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from security import checkup, recovery, tokens
from security.models import AccessToken, Passkey, RecoveryCode
from tests.accounts.conftest import PASSWORD
from tests.second_factor import enroll

PAGE = "/settings/security/"
CHANGE = "/accounts/password/change/"
CODES = "/settings/security/two-factor/codes/"
HTMX = {"hx-request": "true", "hx-current-url": f"http://localhost:8000{PAGE}"}
NEW = "another good passphrase"
CARDS = ["two-factor", "passkey-card", "token-card", "h-password", "sessions", "h-events", "h-delete"]
START = timezone.now()
# what other rooms add: an account of these tests has no wallet, and so no warning
MORE = " Quota warning off Set one Let it be Unpriced models refused Review the safeguard It's reviewed"


def strip(page: str) -> str:
    """The text of the check-up."""
    found = re.search(r'<ul class="checkup">(.*?)</ul>', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_every_card_is_on_the_page_in_this_order(signed_in):
    page = signed_in.page(PAGE)
    places = [page.index(f'id="{card}"') for card in CARDS]
    assert places == sorted(places)


def test_strangers_are_sent_to_the_sign_in(db, browser):
    assert "/accounts/login/" in browser.get(PAGE)["Location"]


def test_looking_needs_no_step_up(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        assert browser.get(PAGE).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_for_looking(signed_in, method):
    assert getattr(signed_in, method)(PAGE).status_code == 405


def test_it_is_the_current_page_of_the_settings_and_so_are_those_below_it(user, signed_in):
    current = re.compile(r'<a href="/settings/security/" aria-current="page">')
    for path in ("", "events/", "sessions/", "tokens/", "tokens/new/", "two-factor/"):
        assert current.search(signed_in.page(PAGE + path)), path
    assert current.search(signed_in.page(CHANGE))
    assert not current.search(signed_in.page("/settings/profile/"))
    for path in (PAGE, CHANGE, "/accounts/email/"):
        assert len(re.findall(r'<a href="/settings/" aria-current="page"><svg', signed_in.page(path))) == 1


def test_a_new_account_is_told_what_it_lacks(signed_in):
    said = strip(signed_in.page(PAGE, headers={"host": "localhost:8000"}))
    assert said == (
        "Two-factor off Set it up No passkey Add one "
        "No recovery codes Part of two-factor No access token Nothing acts for you" + MORE
    )


def test_a_well_kept_account_is_told_so(user, passkey, signed_in):
    enroll(user)
    tokens.make(user, scopes=["read"])
    codes = RecoveryCode.objects.filter(device__user=user)
    codes.filter(pk__in=[code.pk for code in codes[:3]]).update(used_at=timezone.now())
    page = signed_in.page(PAGE)
    assert strip(page) == (
        "Two-factor on Authenticator app 1 passkey Phishing-resistant "
        "7 recovery codes 3 used 1 access token At most 0 days old" + MORE
    )
    assert page.count('class="todo"') == MORE.count("Let it be") + MORE.count("It's reviewed")
    assert "7 codes are left." in page


def test_few_codes_and_an_old_token_are_to_do(user, signed_in):
    enroll(user)
    codes = RecoveryCode.objects.filter(device__user=user)
    codes.filter(pk__in=[code.pk for code in codes[: recovery.COUNT - recovery.LOW]]).update(used_at=timezone.now())
    tokens.make(user, scopes=["read"])
    AccessToken.objects.update(created_at=timezone.now() - timedelta(days=74))
    page = signed_in.page(PAGE)
    assert "3 recovery codes Make new codes Token 74 days old Replace it" in strip(page)
    assert page.count('<li class="todo">') == 2 + MORE.count("Let it be") + MORE.count("It's reviewed")


@pytest.mark.parametrize(
    ("days", "state"), [(0, "fine"), (59, "fine"), (60, "todo"), (89, "todo"), (90, "todo"), (400, "todo")]
)
def test_a_token_is_to_be_replaced_after_sixty_days(user, days, state):
    token = tokens.make(user, scopes=["read"])[0]
    assert checkup.tokens([token], token.created_at + timedelta(days=days)).state == state


def test_a_token_that_is_over_is_to_do_however_new(user):
    token = tokens.make(user, scopes=["read"])[0]
    token.expires_at = timezone.now()
    assert checkup.tokens([token]).title == "A token has expired"


def test_the_app_says_when_it_was_last_used(user, signed_in):
    enroll(user)
    assert "Last used" not in signed_in.page(PAGE).split('id="recovery"')[0]
    user.totpdevice_set.update(last_step=int((timezone.now() - timedelta(minutes=5)).timestamp()) // 30)
    assert re.search(r"Last used: <[^>]*>\d minutes ago", signed_in.page(PAGE).split('id="recovery"')[0])


def test_the_number_of_queries_does_not_grow(user, signed_in, new_browser, django_assert_max_num_queries):
    enroll(user)
    signed_in.get(PAGE)
    with django_assert_max_num_queries(30) as few:
        signed_in.get(PAGE)
    number_of_queries = len(few)
    for number in range(5):
        tokens.make(user, name=f"token {number}", scopes=["read"])
        Passkey.objects.create(user=user, name=f"passkey {number}", credential_id=bytes([number]), public_key=b"key")
    new_browser().sign_in()
    with django_assert_max_num_queries(number_of_queries):
        assert "token 4" in signed_in.page(PAGE)


def test_the_way_to_deletion_is_the_last_card(signed_in):
    page = signed_in.page(PAGE)
    card = page[page.index('class="card danger"') :]
    assert 'href="/settings/delete/"' in card
    assert '<section class="card' not in card


def change(old: str, new: str = NEW, again: str = NEW) -> dict[str, str]:
    return {"oldpassword": old, "password1": new, "password2": again}


@pytest.mark.req("A12")
def test_the_password_is_changed_in_a_dialog(user, signed_in):
    form = signed_in.page(CHANGE, headers=HTMX)
    assert "<html" not in form
    assert all(f'name="{name}"' in form for name in ("oldpassword", "password1", "password2"))
    done = signed_in.post(CHANGE, change(PASSWORD), headers=HTMX)
    assert done["HX-Redirect"] == PAGE
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "Just now" in signed_in.page(PAGE).split('id="h-password"')[1].split("</section>")[0]


@pytest.mark.req("A12")
@pytest.mark.parametrize(
    "wrong",
    [change("not mine"), change(PASSWORD, again="something else here"), change(PASSWORD, "short", "short"), {}],
    ids=["old", "again", "short", "nothing"],
)
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_what_is_wrong_is_said_in_the_form(user, signed_in, wrong, headers):
    refused = signed_in.post(CHANGE, wrong, headers=headers)
    assert refused.status_code == 422
    text = refused.content.decode()
    assert 'aria-invalid="true"' in text
    assert 'class="err"' in text
    assert ("<html" in text) is (not headers)
    assert PASSWORD not in text
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.req("C1")
@pytest.mark.parametrize("path", [CHANGE, CODES])
def test_a_dialog_that_was_opened_too_late_leads_to_the_step_up_and_back(user, browser, path):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        answer = browser.get(path, headers=HTMX)
    assert answer["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fsettings%2Fsecurity%2F"


@pytest.mark.req("E3")
def test_new_codes_are_made_in_a_dialog_and_the_card_behind_counts_them(user, signed_in):
    enroll(user)
    RecoveryCode.objects.filter(device__user=user).update(used_at=timezone.now())
    asked = signed_in.page(CODES, headers=HTMX)
    assert "<html" not in asked
    assert not RecoveryCode.objects.filter(used_at=None).exists()
    made = signed_in.post(CODES, headers=HTMX)
    text = made.content.decode()
    assert made["Cache-Control"] == "no-store"
    assert len(re.findall(r"<li>[A-Z2-7-]{29}</li>", text)) == recovery.COUNT
    assert re.search(r'id="two-factor"[^>]*hx-swap-oob="true"', text)
    assert "10 codes are left." in text
    assert "hx-swap-oob" not in signed_in.page(PAGE)
