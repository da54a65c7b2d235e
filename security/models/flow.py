"""A visit to an identity provider that is under way."""

from django.conf import settings
from django.db import models


class Flow(models.Model):
    """Who left for which provider and why; the state that brings them back is kept as a digest, and works once."""

    class Action(models.TextChoices):
        SIGN_IN = "sign-in"
        BIND = "bind"
        SUDO = "sudo"

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the state
    session = models.CharField(max_length=64)  # SHA-256 of the session's key
    provider = models.CharField(max_length=40)
    action = models.CharField(max_length=8, choices=Action.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="flows")
    next = models.CharField(max_length=500, blank=True)  # the page to go on to
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="flow_age")]
