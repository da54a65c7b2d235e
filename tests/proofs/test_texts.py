"""What people write, in every text field of every form: it is shown as text, evaluated nowhere, and gives no rights."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from accounts.models import User
from tests.proofs.urlmap import routes
from wallet import ledger

XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
]
TEMPLATES = ["{{7*7}}", "{% debug %}", "{0.__class__}", "%s%(x)s%n", "${7*7}", "#{7*7}", "{user.password}"]
TEXT = {"text", "search", "url", "email", "textarea", ""}
KEEP = {"csrfmiddlewaretoken", "next", "username", "password", "oldpassword", "login"}
# what nobody may give themselves by adding a field to a form
GRABBED: dict[str, Any] = {
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "role": "admin",
    "quota": "1000000",
    "balance": "1000000",
    "credit": "1000000",
    "credit_limit": "1000000",
    "group": "2",
    "group_id": "2",
    "user": "1",
    "user_id": "1",
    "owner": "1",
    "id": "1",
    "pk": "1",
    "digest": "0" * 64,
    "is_default": "on",
}


class Forms(HTMLParser):
    """Reads the forms of a page that change something: where each is sent, and its fields with kind and value."""

    def __init__(self, page: str, here: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, tuple[str, str]]]] = []
        self._here, self._inside = here, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("method", "").lower() == "post" or "hx-post" in given
            if self._inside:
                self.found.append((given.get("action") or given.get("hx-post") or self._here, {}))
        elif self._inside and tag in {"input", "textarea", "select"} and given.get("name"):
            kind = tag if tag != "input" else given.get("type", "")
            if kind not in {"checkbox", "radio"} or "checked" in given:
                self.found[-1][1][given["name"]] = (kind, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def forms(browser, user) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """Yield every form that the account's pages show, once for each place it is sent to."""
    seen = set()
    for route in (route for route in routes() if not route.in_admin):
        answer = browser.get(route.of(user))
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
            for action, fields in Forms(answer.content.decode(), answer.wsgi_request.path).found:
                if action not in seen and "logout" not in action and "end" not in action:
                    seen.add(action)
                    yield action, fields


def filled(fields: dict[str, tuple[str, str]], text: str) -> Iterator[dict[str, str]]:
    """Yield the form as it is shown with `text` in one field after the other: one that is refused must not hide others.

    A form without such a field is sent as it is.
    """
    shown = {name: value for name, (_, value) in fields.items()}
    texts = [name for name, (kind, _) in fields.items() if kind in TEXT and name not in KEEP]
    for name in texts:
        yield {**shown, name: text}
    if not texts:
        yield shown


def visible(browser) -> dict[str, str]:
    """Return the source of every page of the account, by its path."""
    pages = {}
    for route in (route for route in routes() if not route.in_admin and not route.arguments):
        answer = browser.get(route.path())
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            pages[route.name] = answer.content.decode()
    return pages


@pytest.mark.req("I10")
def test_no_text_becomes_markup_on_any_page(user, account_browser, admin_browser, capsys):
    sent, raw = 0, []
    for text in XSS:
        for action, fields in list(forms(account_browser, user)):
            for form in filled(fields, text):
                answer = account_browser.post(action, form)
                sent += 1
                assert answer.status_code < 500, (action, text)
                if marked_up(answer.content.decode(), text):
                    raw.append((action, text))
        pages = visible(account_browser)
        for path in ("/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/", "/admin/security/event/"):
            pages[path] = admin_browser.get(path).content.decode()
        raw += [(name, text) for name, page in pages.items() if marked_up(page, text)]
    with capsys.disabled():
        print(f"\ntexts: {sent} forms sent, {len(raw)} shown as markup")  # noqa: T201 (a figure to report)
    assert sent >= 6 * len(XSS)
    assert raw == []
    assert user.api_keys.filter(name__in=XSS).exists(), "the texts were taken, not refused"


def marked_up(page: str, text: str) -> bool:
    """Return whether `text` stands in the source as it was typed, where it would be more than text."""
    return text in page if "<" in text or "'" in text else f'href="{text}' in page


@pytest.mark.req("I12")
def test_no_text_is_evaluated(user, account_browser):
    for text in TEMPLATES:
        for action, fields in list(forms(account_browser, user)):
            for form in filled(fields, text):
                assert account_browser.post(action, form).status_code < 500, (action, text)
        assert user.api_keys.filter(name=text).exists(), text
    user.refresh_from_db()
    keys = account_browser.get("/keys/").content.decode()
    for text in TEMPLATES:
        assert text.replace("'", "&#x27;") in keys
    for page in visible(account_browser).values():
        assert "<class &#x27;" not in page
        assert user.password not in page
        assert ">49<" not in page


@pytest.mark.req("I15")
def test_a_field_that_no_form_has_gives_nothing(user, admin, other, account_browser):
    kept = ("is_staff", "is_superuser", "is_active", "group_id", "username", "id")
    before = User.objects.values_list(*kept).get(pk=user.pk)
    others = list(User.objects.exclude(pk=user.pk).order_by("pk").values())
    for action, fields in list(forms(account_browser, user)):
        grabbed = {name: value for name, value in GRABBED.items() if name not in fields}
        for form in filled(fields, "a name"):
            assert account_browser.post(action, {**form, **grabbed, "user_id": other.pk}).status_code < 500, action
    assert User.objects.values_list(*kept).get(pk=user.pk) == before
    assert list(User.objects.exclude(pk=user.pk).order_by("pk").values()) == others
    assert ledger.balance(user.pk).total == 0
    assert not other.api_keys.exists()
    assert not other.access_tokens.exists()
    assert user.api_keys.filter(name="a name").exists()
