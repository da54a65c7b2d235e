"""Tell every worker that something it caches has changed."""

from django.db.models import F

from common.models import Version


def bump() -> None:
    """Move the version on; call it in the transaction of the change itself. Until its end, who else bumps waits."""
    row = Version.objects.filter(pk=1)
    if row.update(number=F("number") + 1):
        return
    made = Version.objects.get_or_create(pk=1, defaults={"number": 2})[1]
    if not made:  # somebody else made it meanwhile; this change counts too
        row.update(number=F("number") + 1)


def current() -> int:
    """Return the number as committed."""
    return Version.objects.filter(pk=1).values_list("number", flat=True).first() or 0
