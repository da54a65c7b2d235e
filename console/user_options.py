"""Arguments and options that the commands about accounts share, and how they are read."""

from datetime import datetime
from typing import Annotated

from django.utils import timezone
from typer import Argument, BadParameter, Option

from common import money
from gateway import expiry

Name = Annotated[str, Argument(help="Username.")]
AsJson = Annotated[bool, Option("--json", help="Print as JSON.")]
Reason = Annotated[str, Option(help="Why; its owner reads it.")]


def usd(text: str) -> int:
    """Return nano-USD. Raises BadParameter for what is not an amount that can be given."""
    try:
        amount = money.from_usd(text)
    except ValueError as error:
        raise BadParameter(f"{error}.") from error
    if amount < 0:
        raise BadParameter("A credit is not negative.")
    return amount


def until(text: str) -> datetime:
    """Return when something ends. Raises BadParameter for what is no span or date to come."""
    try:
        moment = expiry.parse(text)
    except (ValueError, OverflowError) as error:
        raise BadParameter("use 7d, 12h, 2w or a date like 2027-01-31") from error
    if moment <= timezone.now():
        raise BadParameter("that is over already")
    return moment


def reason(text: str) -> str:
    """Return a reason in one line. Raises BadParameter for none."""
    words = " ".join(text.split())
    if not words or "\0" in words:
        raise BadParameter("say why")
    return words
