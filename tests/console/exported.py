"""Ask for an export and open it."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from accounts import jobs
from accounts.models import Job, User
from console import export


def exported(owner: User) -> tuple[Job, ZipFile]:
    """Ask for an export, let the worker do it, and open it."""
    job = export.begin(owner)
    assert jobs.run_due() == 1
    job.refresh_from_db()
    return job, ZipFile(io.BytesIO(file(job).read_bytes()))


def file(job: Job) -> Path:
    path = export.file_of(job)
    assert path
    return path


def rows(archive: ZipFile, table: str) -> list[dict[str, Any]]:
    return json.loads(archive.read(f"{table}.json"))
