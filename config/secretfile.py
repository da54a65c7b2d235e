"""Secrets that an installation makes for itself: one file each in the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path


def read_or_make(path: Path) -> str:
    """Return the secret in `path`, made of 384 random bits (mode 0600) where there is none yet."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # the first of several processes wins; the others read what it wrote
        except FileExistsError:
            return path.read_text().strip()
        else:
            return path.read_text().strip()
        finally:
            draft.unlink()
