"""Run the background worker."""

import signal
import threading
import time
from typing import Annotated

from typer import Exit, Option

from common import logs
from common.commands import ConsoleCommand
from console.chores import chores, long_chores, post
from console.worker import Runner


class Command(ConsoleCommand):
    """Deliver, do jobs, sweep, prune and verify in the background."""

    help = "Deliver mail, do queued jobs, sweep orphaned holds, prune and verify, each at its interval, until SIGTERM."

    def handle(self, once: Annotated[bool, Option(help="Do everything that is due once, then end.")] = False) -> None:
        """Loop until SIGTERM or SIGINT; with --once end after one round, with status 1 if a chore failed."""
        runner = Runner(chores())
        beside = [Runner(post(), beats=False), Runner(long_chores(), beats=False)]
        if once:
            raise Exit(1 if sum(each.round(time.monotonic()) for each in [runner, *beside]) else 0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, runner.stop)
        logs.catch_strays()
        # they end with the process, in the middle of a job too: another worker takes that up when its lease is over
        for each in beside:
            threading.Thread(target=each.run, name=each.chores[0].name, daemon=True).start()
        runner.run()
