"""The operator's policy of recording and retention."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common import version
from common.admin import PolicyAdmin
from privacy.forms import PolicyForm
from privacy.models import PrivacyPolicy


@admin.register(PrivacyPolicy)
class PrivacyPolicyAdmin(PolicyAdmin):
    """Whether addresses may be recorded, at once for every worker, and how long rows are kept."""

    form = PolicyForm
    fieldsets = (
        (_("Addresses"), {"fields": ("allow_recording",)}),
        (
            _("Retention"),
            {
                "fields": ("call_days", "error_days"),
                "description": _("What is older is deleted within the hour. Every account reads these numbers."),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: PrivacyPolicy, form: Any, change: Any) -> None:
        """Store what was changed and move the version, in the one transaction of the page.

        What the form does not show is left alone: the worker may be writing it.
        """
        obj.save(update_fields=form.changed_data)
        version.bump()
