"""When the balance is low."""

from django.conf import settings
from django.db import models


class Threshold(models.Model):
    """A quota warning: fires once when the wallet's total falls below `amount` nano-USD, then waits for a credit.

    An account has one main threshold (no row: it is off) and a few further ones.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="thresholds", db_constraint=False)
    amount = models.BigIntegerField()
    main = models.BooleanField(default=False)
    fired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "amount"], name="threshold_once"),
            models.UniqueConstraint(fields=["user"], condition=models.Q(main=True), name="threshold_main"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="threshold_positive"),
        ]
