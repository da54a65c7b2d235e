"""The erasing of stored addresses: asked for on the privacy page, done in the background, counted."""

from django.db import transaction

from accounts import jobs, limits
from accounts.jobs import Progress
from accounts.models import Job, User
from common import wal
from console import export
from usage import addresses

KIND = "console.erase.run"
LIMIT = limits.Rule("erase", ((20, limits.DAY),))


@transaction.atomic
def begin(user: User) -> Job:
    """Ask for it; while one is under way, return that. Raises accounts.limits.TooManyTries for a 21st in a day."""
    owner = User.objects.select_for_update().get(pk=user.pk)  # one at a time
    last = latest(owner)
    if last and last.state in jobs.UNFINISHED:
        return last
    limits.take(LIMIT, limits.account(owner.pk))
    owner.jobs.filter(kind=KIND).delete()
    return jobs.queue(owner, KIND)


def latest(user: User) -> Job | None:
    """Return the one that was asked for last, None where there is none."""
    return user.jobs.filter(kind=KIND).order_by("-pk").first()


def held(user: User) -> int:
    """Return how many rows hold an address of the account's callers."""
    return addresses.held(user.pk)


def run(job: Job, progress: Progress) -> str:
    """Take every stored address of the job's owner out, with the exports that list them; return how many rows."""
    export.withdraw(job.user)  # first: one that is being written could have read what goes now
    erased = addresses.erase(job.user_id, lambda done, total: progress(done * 100 // total))
    wal.fold()  # what was overwritten stays in SQLite's log until then; the worker tries again where somebody reads
    return str(erased)
