"""A background worker that does nothing but deliver, with leases and pauses short enough to be waited for."""

import importlib
import os
import time
from datetime import timedelta
from typing import Any

import django


def carry(environment: dict[str, str], lease: float) -> None:
    """Be such a worker on the database of the test, for ever."""
    os.environ.update(environment)
    django.setup()
    outbox: Any = importlib.import_module("notifications.outbox")  # rooms can be imported only now
    courier = importlib.import_module("notifications.courier")
    outbox.LEASE, outbox.FIRST_PAUSE = timedelta(seconds=lease), 0.2
    while True:
        courier.deliver_due(50)
        time.sleep(0.05)
