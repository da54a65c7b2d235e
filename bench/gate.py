"""Tollgate itself, started as anybody starts it, with one account that can pay for the bench."""

import json
import secrets
from dataclasses import dataclass

from bench import processes
from bench.answers import MODEL, STREAM_MODEL
from bench.load import System
from tests.serving import Server

INPUT_USD, OUTPUT_USD = "1", "2"  # per million: 19 and 50 tokens cost 119,000 nano-USD
CHARGE = 19 * 1_000 + 50 * 2_000
ROWS = "SELECT count(*) FROM usage_calllog WHERE kind = 'ok'"
HOLDS = "SELECT count(*) FROM wallet_hold"
FREE = "SELECT user_id, balance FROM wallet_wallet"


@dataclass(frozen=True, slots=True)
class Books:
    """What the store says: rows of paid calls, open holds, free nano-USD by user id."""

    rows: int
    holds: int
    free: dict[int, int]


class Gate(Server):
    """An installation whose two models are answered by mock upstreams: at once on `plain`, in events on `stream`."""

    def __init__(self, database_url: str, *, plain: int, stream: int, workers: int = 1) -> None:
        super().__init__(database_url, workers=workers, TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8")
        self.upstreams = {MODEL: plain, STREAM_MODEL: stream}

    def furnish(self) -> str:
        """Add channels, prices and a rich account; return the account's key."""
        for model, port in self.upstreams.items():
            self.manage("channel", "add", model, "--base-url", f"http://127.0.0.1:{port}", "--models", model)
            self.manage("price", "set", model, "--input", INPUT_USD, "--output", OUTPUT_USD, "--context", "128000")
        return self.account("bench", credit="1000000")

    def account(self, name: str, *, credit: str) -> str:
        """Make an account with this many USD; return a key of it."""
        password = ["--email", f"{name}@example.com", "--credit", credit, "--password-stdin"]
        self.manage("user", "create", name, *password, stdin=secrets.token_urlsafe(24))
        self.manage("group", "set", "default", "--streams", "0")
        key: str = json.loads(self.manage("key", "create", name, "bench", "--json"))["key"]
        return key

    def server_pids(self) -> list[int]:
        """Return the processes that answer calls."""
        assert self.process is not None
        return processes.of_group(self.process.pid, having="granian")

    def system(self, key: str, *, name: str = "gate") -> System:
        """Return what the load generators need to know."""
        return System(name, self.port, key, self.server_pids, db_pids=self.db_pids if self.database else None)

    def db_pids(self) -> list[int]:
        """Return the PostgreSQL backends of its database; what the cluster does for all is not counted."""
        return processes.having(f" {self.database} ", name="postgres")

    def settled(self) -> Books:
        """Return what the store says once no hold is open. Raises TimeoutError if that takes more than a minute."""
        processes.wait_for(lambda: self.books().holds == 0, seconds=60)
        return self.books()

    def books(self) -> Books:
        """Return what the store says."""
        return Books(int(self.query(ROWS)[0][0]), int(self.query(HOLDS)[0][0]), dict(self.query(FREE)))

    def ledger_adds_up(self) -> bool:
        """Return whether every account's ledger adds up."""
        return self.try_manage("wallet", "verify").returncode == 0
