"""How and when a person is told: thresholds of the balance, and the outbox of everything that leaves."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedTextField


class Threshold(models.Model):
    """A quota warning: fires once when the wallet's total falls below `amount` nano-USD, then waits for a credit."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="thresholds", db_constraint=False)
    amount = models.BigIntegerField()
    fired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "amount"], name="threshold_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="threshold_positive"),
        ]


class Delivery(models.Model):
    """One message on its way out. `next_at` is both the due time and the end of a worker's lease.

    The payload is what the transport of `method` sends; it is emptied once sent, the subject stays.
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
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    result = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="delivery_due")]

    def __str__(self) -> str:
        return self.subject or self.event
