"""A way by which a person is told."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedTextField


class Method(models.Model):
    """One of each kind for an account; no row means its default: mail to the account's address on, all others off.

    `target` is where it leads and with which secrets, as JSON. `muted` are the events that its owner switched off, so
    that new ones are told by default. The address of `pending` becomes the target once its link is followed.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", "Webhook"
        BARK = "bark", "Bark"
        GOTIFY = "gotify", "Gotify"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="methods")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    enabled = models.BooleanField(default=False)
    target = EncryptedTextField(blank=True)
    muted = models.JSONField(default=list, blank=True)
    pending = EncryptedTextField(blank=True)
    link_digest = models.CharField(max_length=64, blank=True)
    link_until = models.DateTimeField(null=True)
    last_ok = models.BooleanField(null=True)
    last_result = models.CharField(max_length=300, blank=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="method_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
