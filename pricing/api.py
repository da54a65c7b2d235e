"""/api/settings/pricing: what the account accepts of models without a price."""

from typing import Annotated, Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from accounts import ports
from accounts.models import User
from common import api, money
from common.api import InvalidField, PositiveUsd, Strict, Usd
from pricing import preferences
from pricing.models import PricingPolicy
from pricing.preferences import ChoiceRefused

router = Router(tags=["Settings"])
Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=preferences.LONGEST_NAME)]],
    Field(max_length=preferences.MOST_MODELS),
]
FIELDS = {"monthly_cap": "monthly_cap_usd"}  # where /api says it otherwise than the model


class Pricing(Schema):
    """The price safeguard. `allowed` is whether the operator lets accounts accept models without a price.

    An empty list of models accepts every one, without a cap there is none. The fallback price is USD per million
    tokens; what models without a price cost this UTC month is spent and, for calls in flight, held.
    """

    accept_unpriced: bool
    accepted_models: list[str]
    monthly_cap_usd: Usd | None
    allowed: bool
    fallback_input_usd: Usd
    fallback_output_usd: Usd
    month_spent_usd: Usd
    month_held_usd: Usd


class PricingChange(Strict):
    """What is to change; what is left out stays."""

    accept_unpriced: bool = False
    accepted_models: Names = []
    monthly_cap_usd: PositiveUsd | None = None


@router.get("", response=Pricing, summary="Price safeguard")
def show(request: HttpRequest) -> Pricing:
    """Return what the account accepts, and what that cost this month."""
    user = cast(User, request.user)
    chosen, policy = preferences.chosen(user.pk), PricingPolicy.current()
    used = ports.unpriced_spend(user, timezone.now())
    return Pricing(
        accept_unpriced=chosen.accept_unpriced,
        accepted_models=list(chosen.accepted_models),
        monthly_cap_usd=None if chosen.monthly_cap is None else api.usd(chosen.monthly_cap),
        allowed=policy.allow_unpriced,
        fallback_input_usd=api.usd(policy.fallback_input),
        fallback_output_usd=api.usd(policy.fallback_output),
        month_spent_usd=api.usd(used.spent),
        month_held_usd=api.usd(used.held),
    )


@router.patch("", response=Pricing, summary="Change the price safeguard")
def change(request: HttpRequest, changed: PricingChange) -> Pricing:
    """Change what is sent and leave the rest; calls obey it within a second. The owner is told by mail."""
    given: dict[str, Any] = changed.model_dump(exclude_unset=True)
    if "monthly_cap_usd" in given:
        usd = given.pop("monthly_cap_usd")
        given["monthly_cap"] = None if usd is None else money.from_usd(usd)
    token = request.auth  # type: ignore[attr-defined]  # ninja sets it: the token that the door let in
    try:
        preferences.save(cast(User, request.user), by=token.name, **given)
    except ChoiceRefused as refusal:
        raise InvalidField(str(refusal), param=FIELDS.get(refusal.field, refusal.field)) from refusal
    return show(request)
