"""The export of an account: asked for, written in the background, kept for its owner for seven days."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from accounts import jobs, limits, ports
from accounts.jobs import JobLost, Progress
from accounts.models import Job, User
from console import archive

KIND = "console.export.write"
LIMIT = limits.Rule("export", ((5, limits.DAY),))  # each one reads all that an account has


@transaction.atomic
def begin(user: User) -> Job:
    """Ask for an export, which takes the place of the last one; while one is being written, return that.

    Raises accounts.limits.TooManyTries for a sixth in a day.
    """
    owner = User.objects.select_for_update().get(pk=user.pk)  # one at a time
    last = latest(owner)
    if last and last.state in jobs.UNFINISHED:
        return last
    limits.take(LIMIT, limits.account(owner.pk))
    older = [_zip(owner.pk, job.pk) for job in owner.jobs.filter(kind=KIND)]
    owner.jobs.filter(kind=KIND).delete()
    transaction.on_commit(lambda: _delete(older), robust=True)
    return jobs.queue(owner, KIND)


def latest(user: User) -> Job | None:
    """Return the export that was asked for last, None where there is none or its time is over."""
    job = user.jobs.filter(kind=KIND).order_by("-pk").first()
    over = job and job.finished_at and job.finished_at < timezone.now() - jobs.KEPT
    return None if over else job


def file_of(job: Job) -> Path | None:
    """Return where a finished export is, None where it is not, or no longer."""
    path = _root() / job.result
    return path if job.state == jobs.State.DONE and job.result and path.is_file() else None


def write(job: Job, progress: Progress) -> str:
    """Write the export of the job's owner; return its path below the media folder's exports."""
    folder = folder_of(job.user_id)
    draft, path = folder / f"{job.pk}.part", _zip(job.user_id, job.pk)
    shutil.rmtree(draft, ignore_errors=True)  # of a worker that died
    for place in (_root(), folder, draft):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with translation.override(job.user.language or settings.LANGUAGE_CODE):
            written = archive.pack(job.user, draft, progress)
        with transaction.atomic():
            # in the order of a deletion, which waits here or has been first
            if not User.objects.select_for_update().filter(pk=job.user_id).exists():
                raise JobLost
            progress(99)
            written.rename(path)
            ports.record(job.user, "exported")
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not User.objects.filter(pk=job.user_id).exists():
            discard(job.user_id)
    return str(path.relative_to(_root()))


def folder_of(user_id: int) -> Path:
    """Return the folder of an account's exports; nobody who lacks the secret key can guess it."""
    return _root() / salted_hmac("console.export", str(user_id), algorithm="sha256").hexdigest()[:32]


def discard(user_id: int) -> None:
    """Delete every export of an account."""
    shutil.rmtree(folder_of(user_id), ignore_errors=True)


def withdraw(user: User) -> None:
    """Take back every export of an account, also one that is being written: whoever writes it finds no job any more."""
    user.jobs.filter(kind=KIND).delete()
    discard(user.pk)


def sweep() -> int:
    """Delete what belongs to no job any more: expired, replaced, or of an account that is gone; return how many."""
    there = list(_root().glob("*/*"))  # before the look at the jobs: what is younger than that look is no orphan
    found = Job.objects.filter(kind=KIND)
    kept = {f"{pk}.part" for pk in found.filter(state__in=jobs.UNFINISHED).values_list("pk", flat=True)}
    kept |= {f"{pk}.zip" for pk in found.exclude(state=jobs.State.FAILED).values_list("pk", flat=True)}
    gone = [path for path in there if path.name not in kept]
    _delete(gone)
    for folder in _root().glob("*"):
        with suppress(OSError):  # not empty
            folder.rmdir()
    return len(gone)


def _delete(paths: Sequence[Path]) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _zip(user_id: int, job_id: int) -> Path:
    return folder_of(user_id) / f"{job_id}.zip"


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "exports"
