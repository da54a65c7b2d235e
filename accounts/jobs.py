"""Long work: rows that the background worker leases, runs and closes. A dead worker's lease ends; another does it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Job, User

logger = logging.getLogger(__name__)

State = Job.State
UNFINISHED = (State.PENDING, State.RUNNING)
LEASE = timedelta(minutes=2)  # longer than a verb may take between two words of how far it is
TRIES = 5
FIRST_PAUSE = timedelta(seconds=30)  # doubled with each try
KEPT = timedelta(days=7)  # what is finished, and its file

# a verb is given its job and a function to say how far it is, in percent; what it returns is the job's result
Progress = Callable[[int], None]
Verb = Callable[[Job, Progress], str]


KINDS: set[str] = set()  # the verbs that a job may name; their rooms add them in AppConfig.ready


class UnknownWork(ValueError):
    """No verb that a job may name."""


class JobLost(Exception):
    """The account is gone, or the lease ended and another worker has the job: whoever worked on it drops everything."""


class WorkRefused(Exception):
    """The work cannot be done, and trying again will not help; the text says why, in words for its owner."""


def queue(user: User, kind: str, **params: object) -> Job:
    """Ask for work in the background: `kind` is a verb by dotted name. Raises UnknownWork."""
    if kind not in KINDS:
        raise UnknownWork(kind)
    return Job.objects.create(user=user, kind=kind, params=params)


def run_due(most: int = 5) -> int:
    """Run what is due, at most so many; return how many are done. Any number of workers may do so at once."""
    done = 0
    for _ in range(most):
        job = claim()
        if job is None:
            break
        done += run(job)
    return done


def claim(*, now: datetime | None = None) -> Job | None:
    """Lease the job that is due longest, by one conditional UPDATE; None where nothing is due."""
    now = now or timezone.now()
    due = Job.objects.filter(state__in=UNFINISHED, next_at__lte=now).order_by("next_at", "pk")
    for pk, seen in due.values_list("pk", "next_at")[:20]:
        leased = Job.objects.filter(pk=pk, state__in=UNFINISHED, next_at=seen).update(
            state=State.RUNNING, next_at=now + LEASE, attempts=F("attempts") + 1
        )
        job = Job.objects.select_related("user").filter(pk=pk).first() if leased else None
        if job:
            return job
    return None


def run(job: Job) -> bool:
    """Do a leased job and close it, or put it back for later; return whether it is done."""
    if job.attempts > TRIES:  # its workers died each time
        _close(job, state=State.FAILED, result="")
        return False
    try:
        verb: Verb = import_string(job.kind)
        result = verb(job, lambda percent: _advance(job, percent))
    except JobLost:
        return False
    except WorkRefused as refusal:
        _close(job, state=State.FAILED, result=str(refusal))
        return False
    except Exception:
        logger.exception("A job failed")
        _put_back(job)
        return False
    _close(job, state=State.DONE, result=result, progress=100)
    return True


def prune() -> int:
    """Forget work that was finished a week ago; return how many. Its files go with it."""
    finished = Job.objects.exclude(state__in=UNFINISHED)
    return finished.filter(finished_at__lt=timezone.now() - KEPT).delete()[0]


def _advance(job: Job, percent: int) -> None:
    """Say how far a job is, which prolongs the lease. Raises JobLost."""
    changes = {"progress": min(max(percent, 0), 99), "next_at": timezone.now() + LEASE}
    if not _own(job).update(**changes):
        raise JobLost


def _put_back(job: Job) -> None:
    """Let it be tried again after a pause, or give it up."""
    if job.attempts >= TRIES:
        _close(job, state=State.FAILED, result="")
    else:
        pause = FIRST_PAUSE * 2 ** (job.attempts - 1)
        _own(job).update(state=State.PENDING, next_at=timezone.now() + pause)


def _close(job: Job, **changes: object) -> None:
    changes["result"] = str(changes["result"])[:300]
    _own(job).update(**changes, finished_at=timezone.now())


def _own(job: Job) -> QuerySet[Job]:
    """Return the row while it is leased to this worker: each lease counts one attempt more."""
    return Job.objects.filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts)
