"""What a user lets be recorded."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import UserSettings


class PrivacySettings(UserSettings):
    record_ip = models.BooleanField(_("record request and error log IP"), default=False)
