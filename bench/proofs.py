"""Proofs under load: a wallet that runs dry lets in exactly what it affords, and kill -9 loses nothing."""

import json
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench import load
from bench.answers import request
from bench.gate import CHARGE, Books, Gate

CALLERS = 32
SMALL, LARGE = 64, 900  # output bounds: what a hold asks for differs, what a call costs does not
BEAT_S = 0.5  # of the server after the kill, so that orphans are swept within seconds


def dry_wallet(gate: Gate, *, affords: int) -> Iterator[str]:
    """Let many callers with unequal holds drain a wallet; yield what is wrong."""
    credit = affords * CHARGE + CHARGE // 2
    name = f"dry{affords}"
    key = gate.account(name, credit=f"{credit / 1e9:.9f}")
    bounds = [SMALL if turn % 3 else LARGE for turn in range(affords * 3)]
    with ThreadPoolExecutor(CALLERS) as callers:
        statuses = list(callers.map(lambda bound: call(gate.port, key, bound), bounds))
    # holds of the last round may have refused each other; alone, small calls take what is left
    while (last := call(gate.port, key, SMALL)) == 200:
        statuses.append(last)
    admitted = statuses.count(200)
    if set(statuses) - {200, 402}:
        yield f"statuses {sorted(set(statuses))}"
    if (
        last != 402
        or credit - admitted * CHARGE >= smallest_hold()
        or credit - admitted * CHARGE not in gate.settled().free.values()
    ):
        yield f"{admitted} calls admitted of {affords} affordable ones, then {last}"


def smallest_hold() -> int:
    """Return an upper bound of what the smallest call holds: its prompt estimate and its output bound, nano-USD."""
    prompt = len(request()) // 3 + 2 * 8 + 1
    return prompt * 1_000 + SMALL * 2_000


def kill_under_load(gate: Gate, key: str, folder: Path) -> Iterator[str]:
    """Kill every process of the server under load, start it again; yield what is lost."""
    before = gate.settled()
    running = load.start_wrk(gate.system(key), connections=CALLERS, seconds=3, folder=folder)
    time.sleep(1.5)
    gate.kill9()
    delivered = int(load.finish_wrk(running)["right"])
    gate.env["TOLLGATE_BEAT"] = str(BEAT_S)
    gate.start()
    yield from books_match(gate, before=before, delivered=delivered, cut=CALLERS)


def books_match(gate: Gate, *, before: Books, delivered: int, cut: int) -> Iterator[str]:
    """Yield what is wrong between answers and rows; `cut` calls at most were given up by their client."""
    try:
        written = gate.settled().rows - before.rows
    except TimeoutError:
        yield f"{gate.books().holds} holds are left after a minute"
        return
    if not delivered <= written <= delivered + cut:
        yield f"{delivered} answers delivered, {written} rows written"
    if not gate.ledger_adds_up():
        yield "the ledger does not add up"


def call(port: int, key: str, bound: int) -> int:
    """Return the status of one call with this output bound."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = Request(f"http://127.0.0.1:{port}/v1/chat/completions", request(max_tokens=bound), headers)
    try:
        with urlopen(asked, timeout=30) as answered:
            json.load(answered)
            return int(answered.status)
    except HTTPError as refused:
        return refused.code


def listening(ports: Sequence[int]) -> bool:
    """Return whether each port has a listener."""
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return False
    return True
