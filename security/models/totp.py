"""The second factor: an authenticator app, and the codes for when it is lost."""

from django.db import models
from django.utils import timezone
from django_otp.models import Device

from common.fields import EncryptedTextField


class TOTPDevice(Device):
    """An authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds). One confirmed device per account."""

    secret = EncryptedTextField()  # base32 of 160 random bits
    last_step = models.BigIntegerField(default=-1)  # the newest time step that was accepted
    codes = EncryptedTextField(default="")  # the recovery codes on show until the device is confirmed; then empty
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(Device.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(confirmed=True), name="one_confirmed_totp")
        ]


class RecoveryCodeDevice(Device):
    """The set of recovery codes of an account, as a factor: a new set takes the place of the old one."""

    created_at = models.DateTimeField(default=timezone.now)

    class Meta(Device.Meta):
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_of_recovery_codes")]


class RecoveryCode(models.Model):
    """One code of 120 random bits, kept as a digest; used once."""

    device = models.ForeignKey(RecoveryCodeDevice, models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)
