"""The credit that comes with signing up: once for each mailbox and identity, whatever becomes of its account."""

from django.db import transaction

from accounts import identities, marks, policy, ports
from accounts.models import StartCredit, User


@transaction.atomic
def give(user: User) -> bool:
    """Give what the operator's policy grants to a new account whose address counts; return False where nothing is due.

    Parallel sign-ups of one mailbox meet at the mark's unique index: one of them is given it.
    """
    amount = policy.credit()
    if not amount:
        return False
    whose = [marks.of_identity(account.provider, account.uid) for account in identities.of(user)]
    # in one order, so that parallel sign-ups do not wait for each other in a circle
    new = [StartCredit.objects.get_or_create(digest=mark)[1] for mark in sorted([marks.of_mailbox(user.email), *whose])]
    first = all(new)
    if first:
        ports.opened(user, amount)
    return first
