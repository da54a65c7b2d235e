"""Whether a user accepts models without a price: read by the gate, changed on the pricing page."""

from django.db import transaction

from accounts import ports
from accounts.models import User
from common import version
from pricing.models import PricingPolicy, PricingSettings


def accepts_unpriced(user_id: int) -> bool:
    """Return whether the user accepts models without a price, and the operator lets users do so."""
    chosen = PricingSettings.objects.filter(user_id=user_id, accept_unpriced=True).exists()
    return chosen and PricingPolicy.current().allow_unpriced


@transaction.atomic
def save(user: User, *, accept_unpriced: bool) -> None:
    """Store the choice, at once for every worker, and tell its owner where it changed."""
    changed = PricingSettings.of(user).accept_unpriced != accept_unpriced
    PricingSettings.objects.update_or_create(user=user, defaults={"accept_unpriced": accept_unpriced})
    version.bump()
    if changed:
        ports.announce(user, "pricing.accept_unpriced", {"accept_unpriced": accept_unpriced})
