"""What can be set, where, and by which words people look for it: the search of the settings."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sidebar.tabs import TABS

LONGEST = 64  # characters of a search


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: its name, its page, a place on it, and other words for it."""

    name: str | Promise
    url_name: str
    words: str | Promise
    anchor: str = ""

    @property
    def url(self) -> str:
        """Return where it is set."""
        page = reverse(self.url_name)
        return f"{page}#{self.anchor}" if self.anchor else page

    @property
    def area(self) -> str:
        """Return the name of the area whose page it stands on."""
        page = reverse(self.url_name)
        return next((str(tab.name) for tab in TABS if tab.leads(page)), "")


SETTINGS = (
    Setting(_("Username"), "settings_profile", _("name, account name, rename, login")),
    Setting(_("Language"), "settings_profile", _("English, Chinese, 中文, locale, translation")),
    Setting(_("Time zone"), "settings_profile", _("clock, hours, UTC, region, dates")),
    Setting(_("Theme"), "settings_profile", _("dark mode, light, colors, appearance, night")),
    Setting(_("E-mail address"), "account_email", _("mail, email, contact, verify")),
    Setting(_("Linked accounts"), "settings_profile", _("GitHub, OIDC, OpenID Connect, SSO, bind, unbind, provider")),
    Setting(_("Password"), "account_change_password", _("passphrase, secret, login, change")),
    Setting(_("Two-factor authentication"), "two_factor", _("2FA, MFA, TOTP, OTP, authenticator app, one-time code")),
    Setting(_("Recovery codes"), "recovery_codes", _("backup codes, lost phone, 2FA")),
    Setting(_("Passkeys"), "passkeys", _("WebAuthn, FIDO2, fingerprint, Face ID, security key, YubiKey")),
    Setting(_("System access token"), "tokens", _("API token, automation, scope, bearer, script")),
    Setting(_("Sessions"), "sessions", _("devices, browsers, sign out everywhere, logged in")),
    Setting(_("Security events"), "security_events", _("audit log, history, sign-ins, activity")),
    Setting(_("Quota warning"), "settings_notifications", _("threshold, low balance, alert, budget, reminder")),
    Setting(
        _("Notification methods"),
        "settings_notifications",
        _("e-mail, webhook, Bark, Gotify, push, Slack, Feishu, DingTalk"),
    ),
    Setting(
        _("Accept models without a price"),
        "settings_pricing",
        _("unpriced, fallback price, model_price_not_set, accept_unpriced, cost"),
    ),
    Setting(_("Monthly cap"), "settings_pricing", _("budget, limit, cap_reached, spending, ceiling"), "id_monthly_cap"),
    Setting(_("Record request and error log IP"), "settings_privacy", _("address, record_ip, tracking, logging")),
    Setting(_("Keep the prompts of my drawings"), "settings_privacy", _("images, keep_prompts, history")),
    Setting(_("What is kept"), "settings_privacy", _("retention, days, storage, GDPR, logs, erase"), "h-kept"),
    Setting(_("Delivery history"), "deliveries", _("sent messages, failures, retries, redelivery, log")),
    Setting(_("Stored addresses"), "settings_privacy", _("erase, delete, IP, purge, forget"), "h-erasure"),
    Setting(_("Sidebar"), "settings_sidebar", _("menu, navigation, hide, modules, layout")),
    Setting(_("Export your data"), "settings_delete", _("download, archive, backup, GDPR, zip")),
    Setting(_("Delete account"), "settings_delete", _("close, remove, erase, leave, cancel")),
)


def search(text: str) -> Sequence[Setting]:
    """Return the settings that all words of `text` fit, in any of the languages; those called so come first."""
    words = _folded(text[:LONGEST]).split()
    if not words:
        return []
    found = [setting for setting in SETTINGS if _fits(setting, words)]
    return sorted(found, key=lambda setting: not all(word in _names(setting) for word in words))


def _fits(setting: Setting, words: Sequence[str]) -> bool:
    heap = _heap(setting)
    return all(word in heap for word in words)


@cache
def _names(setting: Setting) -> str:
    """Return the name of a setting in every language."""
    return _everywhere(setting.name)


@cache
def _heap(setting: Setting) -> str:
    """Return every word by which a setting is found, of every language."""
    return " ".join((_names(setting), _everywhere(setting.words), *_areas(setting)))


def _areas(setting: Setting) -> Sequence[str]:
    page = reverse(setting.url_name)
    return [_everywhere(tab.name) for tab in TABS if tab.leads(page)]


def _everywhere(text: str | Promise) -> str:
    said = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said.append(_folded(str(text)))
    return " ".join(said)


def _folded(text: str) -> str:
    """Return text as it is compared: without its width, its case and the hyphens that people leave out."""
    return unicodedata.normalize("NFKC", text).casefold().replace("-", "")
