"""Theme and language of the pages: cookies for everyone, the language also in the account."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User

YEAR = 365 * 86400


@dataclass(frozen=True, slots=True)
class Theme:
    """A way to color the pages; an empty value follows the system."""

    value: str
    name: str | Promise
    icon: str


THEMES = (Theme("", _("Match system"), "monitor"), Theme("light", _("Light"), "sun"), Theme("dark", _("Dark"), "moon"))


class UnknownChoice(Exception):
    """There is no such theme or language."""


def _cookie() -> str:
    return "__Host-theme" if settings.HTTPS else "theme"


def theme(cookies: Mapping[str, str]) -> str:
    """Return the chosen theme, "" for the system's."""
    chosen = cookies.get(_cookie(), "")
    return chosen if chosen in {choice.value for choice in THEMES} else ""


def theme_of(user: object, cookies: Mapping[str, str]) -> str:
    """Return the theme that an account has chosen, else the browser's."""
    return (user.theme if isinstance(user, User) else "") or theme(cookies)


def remember_theme(response: HttpResponse, value: str) -> None:
    """Set the theme's cookie. Raises UnknownChoice."""
    if value not in {choice.value for choice in THEMES}:
        raise UnknownChoice(value)
    response.set_cookie(_cookie(), value, max_age=YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax")


def remember_language(response: HttpResponse, code: str) -> None:
    """Set the language's cookie. Raises UnknownChoice."""
    if code not in dict(settings.LANGUAGES):
        raise UnknownChoice(code)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=YEAR,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def save_language(user: User, code: str) -> None:
    """Keep the language with the account, so that it follows its owner to other browsers and into mails."""
    User.objects.filter(pk=user.pk).update(language=code)


def save_theme(user: User, value: str) -> None:
    """Keep the theme with the account; empty leaves it to each browser again."""
    User.objects.filter(pk=user.pk).update(theme=value)
