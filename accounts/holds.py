"""Names of deleted accounts: nobody else is called so for a while, lest they be taken for who is gone."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from accounts import marks
from accounts.models import NameHold

KEPT = timedelta(days=90)


def hold(username: str) -> None:
    """Keep a name from others for 90 days; all that is remembered of it is a keyed hash."""
    until = timezone.now() + KEPT
    NameHold.objects.update_or_create(digest=marks.of_name(username), defaults={"until": until})


def held(username: str) -> bool:
    """Return whether a deleted account had this name, in whatever capitals, less than 90 days ago."""
    return NameHold.objects.filter(digest=marks.of_name(username), until__gt=timezone.now()).exists()


def held_among(usernames: Iterable[str]) -> set[str]:
    """Return which of these names are held."""
    digests = set(NameHold.objects.filter(until__gt=timezone.now()).values_list("digest", flat=True))
    return {name for name in usernames if marks.of_name(name) in digests} if digests else set()


def release(username: str) -> None:
    """Give a name back at once, where it is the installation's own and nobody can be taken for someone."""
    NameHold.objects.filter(digest=marks.of_name(username)).delete()


def prune() -> int:
    """Forget names whose time is over; return how many."""
    return NameHold.objects.filter(until__lte=timezone.now()).delete()[0]
