"""Passkeys and the challenges that they answer (WebAuthn Level 3)."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_otp.models import Device


class Passkey(Device):
    """A discoverable credential; `name` is what its owner calls it."""

    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2048)  # COSE
    sign_count = models.PositiveBigIntegerField(default=0)
    transports = models.JSONField(default=list, blank=True)
    backed_up = models.BooleanField(default=False)  # synced between a person's devices
    suspect_at = models.DateTimeField(null=True)  # when its counter went backwards: it may have been copied
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)


class Challenge(models.Model):
    """64 random bytes for one ceremony of one session, claimed by one guarded UPDATE."""

    class Ceremony(models.TextChoices):
        REGISTER = "register"
        SIGN_IN = "sign-in"
        SUDO = "sudo"

    value = models.BinaryField(max_length=64)
    ceremony = models.CharField(max_length=8, choices=Ceremony.choices)
    session = models.CharField(max_length=64)  # SHA-256 of the session's key
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="challenges")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="challenge_age")]
