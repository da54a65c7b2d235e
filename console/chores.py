"""What the background runner does, and how often."""

import logging
import time

from django.conf import settings
from django.utils import timezone

from accounts import holds, invites, jobs, limits
from common import wal
from console import export, retention, warnings, watch
from console.worker import Chore
from gateway import sweep
from notifications import services as notifications
from security import challenges, devices, flows, tokens
from security.sessions import SessionStore
from usage import partitions
from wallet import retention as wallet_retention

logger = logging.getLogger(__name__)

LOOK = 15.0  # seconds: less than watch.LOOK
SOON = 1.0  # seconds: mail and warnings are waited for
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MAILS = 50  # in one go, so that other chores have their turn


def chores() -> list[Chore]:
    """Return every chore, due at once; urgent ones first."""
    return [
        Chore("warnings", SOON, warnings.expand),
        Chore("sweep", settings.BEAT, lambda: sweep.sweep(time.time())),
        Chore("old calls", HOUR, lambda: retention.calls(timezone.now())),
        Chore("old budgets and events", HOUR, lambda: wallet_retention.prune(timezone.now())),
        Chore("old deliveries", HOUR, notifications.prune),
        Chore("old limits", HOUR, limits.prune),
        Chore("old invitations", DAY, invites.prune),
        Chore("old names", DAY, holds.prune),
        Chore("old jobs", HOUR, jobs.prune),
        Chore("old exports", MINUTE, export.sweep),
        Chore("mails of nobody", MINUTE, notifications.sweep_files),
        Chore("deleted pages", MINUTE, wal.fold),
        Chore("old sessions", HOUR, SessionStore.clear_expired),
        Chore("old challenges", HOUR, challenges.prune),
        Chore("old visits to providers", HOUR, flows.prune),
        Chore("old devices", DAY, devices.prune),
        Chore("partitions", DAY, partitions.make_ahead),
        Chore("unused tokens", DAY, tokens.revoke_unused),
        Chore("refusals", LOOK, lambda: watch.refused(timezone.now())),
        Chore("outbox", 5 * MINUTE, lambda: watch.outbox(timezone.now())),
        Chore("verify", DAY, verify_wallets),
    ]


def post() -> list[Chore]:
    """Return what waits for receivers that may not answer, and is done beside the rest so that money does not wait."""
    return [Chore("mail", SOON, lambda: notifications.deliver_due(MAILS))]


def long_chores() -> list[Chore]:
    """Return what may take minutes, and is done beside the others so that mail and money do not wait for it."""
    return [Chore("jobs", SOON, jobs.run_due)]


def verify_wallets() -> None:
    """Log an error for every account whose ledger does not add up, and tell administrators."""
    for mismatch in watch.wallets():
        logger.error("The ledger does not add up: %s", mismatch)
