"""The registry of the settings: which pages there are, in which group, in what order."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the settings. It is the current one on every path below one of its `roots`."""

    name: str | Promise
    url_name: str
    roots: tuple[str, ...]

    def leads(self, path: str) -> bool:
        """Return whether a page belongs to this one."""
        return path.startswith(self.roots)


@dataclass(frozen=True, slots=True)
class Group:
    """Headed tabs."""

    name: str | Promise
    tabs: tuple[Tab, ...]


GROUPS = (
    Group(
        _("Account"),
        (
            Tab(_("Profile & sign-in"), "settings_profile", ("/settings/profile/", "/accounts/email/")),
            Tab(
                _("Security"),
                "security",
                ("/settings/security/", "/accounts/password/change/", "/accounts/password/set/"),
            ),
        ),
    ),
    Group(
        _("Preferences"),
        (
            Tab(_("Notifications"), "settings_notifications", ("/settings/notifications/",)),
            Tab(_("Price safeguard"), "settings_pricing", ("/settings/pricing/",)),
            Tab(_("Privacy"), "settings_privacy", ("/settings/privacy/",)),
            Tab(_("Sidebar"), "settings_sidebar", ("/settings/sidebar/",)),
        ),
    ),
    Group(_("Leave"), (Tab(_("Delete account"), "settings_delete", ("/settings/delete/",)),)),
)
TABS = tuple(tab for group in GROUPS for tab in group.tabs)
