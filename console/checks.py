"""What the search of the settings names by string has to exist."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch

from console.settings_map import SETTINGS


def settings_resolve(**_: Any) -> list[CheckMessage]:
    """Return an error for each setting whose page does not exist, or belongs to no area of the settings."""
    errors: list[CheckMessage] = []
    for setting in SETTINGS:
        try:
            if not setting.area:
                errors.append(Error(f"{setting.url_name!r} is a page of no area of the settings.", id="console.E002"))
        except NoReverseMatch:
            errors.append(
                Error(f"The search names the page {setting.url_name!r}, which does not exist.", id="console.E001")
            )
    return errors
