"""Privacy: whether addresses are recorded, and what is kept for how long."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.pages import Settings, posted, settings_page
from privacy import services as privacy
from privacy.forms import RecordingForm
from privacy.models import PrivacySettings


@require_http_methods(["GET", "HEAD", "POST"])
def recording(request: HttpRequest) -> HttpResponse:
    """Show and save the switch."""
    stored = PrivacySettings.of(cast(User, request.user)).record_ip
    form = RecordingForm(posted(request), initial={"record_ip": stored})
    area = Settings(
        template="settings/privacy.html",
        save=privacy.save,
        saved=_("Privacy settings saved"),
        context={"call_days": settings.CALL_RETENTION_DAYS, "error_days": settings.ERROR_RETENTION_DAYS},
    )
    return settings_page(request, form, area)
