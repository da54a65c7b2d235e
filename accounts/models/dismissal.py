"""What a person was advised, and let be."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Dismissal(models.Model):
    """An item of the security check-up that its owner does not want to be asked about for a while."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="dismissals")
    check_name = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "check_name"], name="dismissal_once")]
