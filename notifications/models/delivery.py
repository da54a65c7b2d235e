"""The outbox: everything that leaves."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedTextField
from notifications.models.method import Method


class Delivery(models.Model):
    """One message on its way out. `next_at` is both the due time and the end of a worker's lease.

    The payload is what the transport of `method` sends. Once sent it is emptied and the subject stays, unless the
    message is `repeatable`: then its owner may send it again. `tries` is what became of each try, as JSON.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        DONE = "done", _("sent")
        DEAD = "dead", _("given up")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="deliveries")
    event = models.CharField(max_length=64)
    method = models.CharField(max_length=16, default="email")
    subject = models.CharField(max_length=300, blank=True)
    payload = EncryptedTextField(blank=True)
    repeatable = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    result = models.CharField(max_length=300, blank=True)
    tries = EncryptedTextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="delivery_due"),
            models.Index(fields=["user", "-id"], name="delivery_user"),
        ]

    def __str__(self) -> str:
        return self.subject or self.event

    @property
    def way(self) -> str:
        """Return the name of the method."""
        return str(Method.Kind(self.method).label)
