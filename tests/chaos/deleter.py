"""A process that deletes an account and dies in the middle of it, at a statement of the parent's choice."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection

from accounts import services as accounts
from accounts.models import User
from console import export


def die(user_id: int = 0) -> None:
    """Be gone, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def delete(user_id: int, at: int, folders: dict[str, str]) -> int:
    """Delete the account, dying before statement `at` of it, or for -1 between the commit and its files.

    Return how many statements it took.
    """
    for name, folder in folders.items():
        setattr(settings, name, folder)
    if at == -1:
        export.discard = die  # what comes first after the commit
    statements = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal statements
        if statements == at:
            die()
        statements += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        accounts.delete(User.objects.get(pk=user_id))
    return statements
