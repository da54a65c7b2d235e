"""What an account hides, and what the operator turns off."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from solo.models import SingletonModel

from accounts.models import UserSettings


class SidebarSettings(UserSettings):
    """Names of areas and modules that are hidden; what is not named is shown, so that new ones appear by themselves."""

    hidden = models.JSONField(default=list)


def switch(name: object) -> "models.BooleanField[bool, bool]":
    """Return the column of a module; on until the operator says otherwise."""
    return models.BooleanField(name, default=True)  # type: ignore[arg-type]


class SidebarPolicy(SingletonModel):
    """Which modules there are for accounts: off, its pages and its calls of /api do not exist."""

    playground = switch(_("playground"))
    overview = switch(_("overview"))
    api_keys = switch(_("API keys"))
    usage_logs = switch(_("usage logs"))
    drawing_logs = switch(_("drawing logs"))
    task_logs = switch(_("task logs"))
    wallet = switch(_("wallet"))

    class Meta:
        verbose_name = verbose_name_plural = _("sidebar")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
