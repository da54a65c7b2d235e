"""Tell owners what a commit noticed about their wallets."""

from django.db import transaction

from accounts.models import User
from notifications import services as notifications
from wallet import events as wallet


def expand(limit: int = 100) -> int:
    """Turn fresh wallet events into messages, each event once; return how many. Any number of workers may do so."""
    told = 0
    for event in wallet.fresh(limit):
        with transaction.atomic():
            if not wallet.mark(event):
                continue  # another worker has it
            owner = User.objects.get(pk=event.user_id)
            notifications.announce(owner, event.kind, {"total": event.total, "threshold": event.threshold})
            told += 1
    return told
