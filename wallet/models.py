"""Money: a balance, its open holds, and the ledger that explains it. All amounts are nano-USD.

The columns of these tables are also written by SQL (`gateway/commit`, `wallet/ledger.py`); a test holds them together.
No database-level foreign keys on the hot tables: each check would lock and read a row that the commit already holds.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Wallet(models.Model):
    """`balance` is free; `held` is the sum of open holds; balance + held = sum of ledger entries; `owed` is no part."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="wallet")
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    owed = models.BigIntegerField(
        default=0, help_text=_("Shortfalls not yet paid back; while above 0, holds are refused.")
    )
    credit_limit = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = [
            models.CheckConstraint(condition=models.Q(balance__gte=-models.F("credit_limit")), name="wallet_floor"),
            models.CheckConstraint(condition=models.Q(held__gte=0), name="wallet_held"),
            models.CheckConstraint(condition=models.Q(owed__gte=0), name="wallet_owed"),
            models.CheckConstraint(condition=models.Q(credit_limit__gte=0), name="wallet_credit_limit"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def total(self) -> int:
        """Return free + held."""
        return self.balance + self.held


class Budget(models.Model):
    """A limit over a period of one owner (an API key, or the account): made by the first hold of the period."""

    class Kind(models.TextChoices):
        KEY = "key"  # nano-USD, owner = API key
        CAP = "cap"  # nano-USD of calls without a price, owner = user
        PLAYGROUND = "playground"  # nano-USD, owner = user
        RPM = "rpm"  # calls in a minute, owner = user
        TPM = "tpm"  # tokens in a minute, owner = user
        PARALLEL = "parallel"  # open calls, owner = user
        STREAMS = "streams"  # open streams, owner = user

    wallet = models.ForeignKey(Wallet, models.CASCADE, related_name="budgets", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    owner = models.BigIntegerField()
    period_start = models.BigIntegerField(help_text="Unix second; 0 = for good")
    limit = models.BigIntegerField()
    spent = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "kind", "owner", "period_start"], name="budget_once"),
            models.CheckConstraint(condition=models.Q(held__gte=0), name="budget_held"),
        ]


class Hold(models.Model):
    """Money set aside for one call in flight; deleted when it is settled. Carries all that a log row needs."""

    class Kind(models.TextChoices):
        CALL = "call"
        TASK = "task"  # never swept

    id = models.BigIntegerField(primary_key=True)  # the call's id, minted by the gate
    wallet = models.ForeignKey(Wallet, models.CASCADE, related_name="holds", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.BigIntegerField()
    bound = models.IntegerField(help_text="output tokens")
    budgets = models.TextField(blank=True, help_text="comma-separated ids of budgets")
    prompt_tokens = models.IntegerField(help_text="estimate")
    prompt_cost = models.BigIntegerField()
    output_rate = models.BigIntegerField(help_text="nano-USD per million, multiplier included")
    seen_tokens = models.IntegerField(default=0, help_text="output at the last saved state of a stream")
    model = models.CharField(max_length=200)
    api_key = models.CharField(max_length=64)
    channel = models.CharField(max_length=64)
    stream = models.BooleanField()
    source = models.CharField(max_length=12)
    price_id = models.BigIntegerField(null=True)
    price_source = models.CharField(max_length=8)
    worker = models.SmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount__gte=0), name="hold_amount")]


class LedgerEntry(models.Model):
    """One change of a total; written once, never changed. (kind, reference) makes it idempotent."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        CREDIT = "credit", _("credit")
        DEBIT = "debit", _("debit")
        START = "start", _("start credit")
        OWED = "owed", _("owed paid back")

    wallet = models.ForeignKey(Wallet, models.CASCADE, related_name="entries", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount = models.BigIntegerField(help_text="signed")
    reference = models.CharField(max_length=100)
    note = models.CharField(max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="ledger_once")]
        indexes = [models.Index(fields=["wallet", "-id"], name="ledger_wallet")]


class WalletEvent(models.Model):
    """What a commit noticed about a wallet; the background worker tells its owner and sets `expanded_at`."""

    class Kind(models.TextChoices):
        LOW = "quota.low"
        EXHAUSTED = "quota.exhausted"

    wallet = models.ForeignKey(Wallet, models.CASCADE, related_name="events", db_constraint=False)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    total = models.BigIntegerField()
    threshold = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expanded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(expanded_at=None), name="event_new")]
