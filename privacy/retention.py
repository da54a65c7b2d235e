"""How long rows are kept, by the operator's word."""

from datetime import datetime, timedelta

from django.db.models.functions import Greatest

from accounts.ports import Kept
from common import callids
from privacy.models import PrivacyPolicy


def kept() -> Kept:
    """Return how long calls, errors and deliveries are kept, and since when the call log is whole."""
    policy = PrivacyPolicy.current()
    return Kept(timedelta(days=policy.call_days), timedelta(days=policy.error_days), policy.whole_from)


def pruned(now: datetime) -> None:
    """Remember that rows were pruned by today's days, so that longer ones are not taken for a loss."""
    days = kept()
    first = callids.first_id(now - min(days.calls, days.errors))
    PrivacyPolicy.objects.get_or_create(pk=PrivacyPolicy.singleton_instance_id)
    PrivacyPolicy.objects.update(whole_from=Greatest("whole_from", first))
