"""Load on one system: calls per second and what they cost it."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.answers import answer, request

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class System:
    """Something that answers /v1/chat/completions; `stream_port` where streams are asked of another process."""

    name: str
    port: int
    key: str
    pids: Callable[[], list[int]]
    stream_port: int = 0
    db_pids: Callable[[], list[int]] | None = None  # its database's, where that is a server
    same_bytes: bool = True  # False for one that writes the answer anew


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: calls a second, milliseconds, CPU microseconds a call, MB, and answers that were not right."""

    rps: float
    p50: float
    p99: float
    app_us: float
    db_us: float
    pss_mb: float
    right: int
    bad: int
    errors: int = 0


Cells = Mapping[tuple[str, int], Sequence[Cell]]  # by system and connections, one per round


def rounds(
    systems: Sequence[System], *, count: int, connections: Sequence[int], seconds: float, folder: Path
) -> dict[tuple[str, int], list[Cell]]:
    """Return the cells of `count` rounds; the systems take turns, so that what disturbs one disturbs all."""
    cells: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for _ in range(count):
        for system in systems:
            for each in connections:
                cells[system.name, each].append(calls(system, connections=each, seconds=seconds, folder=folder))
    return cells


def stream_rounds(systems: Sequence[System], *, connections: Sequence[int], seconds: float) -> Cells:
    """Return one cell of streams for each system and number of connections."""
    return {
        (system.name, each): [streams(system, connections=each, seconds=seconds)]
        for system in systems
        for each in connections
    }


def calls(system: System, *, connections: int, seconds: float, folder: Path) -> Cell:
    """Return a cell of calls that are not streamed."""
    before = _costs(system)
    result = wrk(system, connections=connections, seconds=seconds, folder=folder)
    app, db = (after - start for after, start in zip(_costs(system), before, strict=True))
    count = max(1, result["right"])
    return Cell(
        rps=result["right"] / result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        app_us=app / count,
        db_us=db / count,
        pss_mb=processes.pss_mb(system.pids()),
        right=int(result["right"]),
        bad=int(result["wrong"] + result["refused"]),
        errors=int(result["broken"]),
    )


def wrk(system: System, *, connections: int, seconds: float, folder: Path) -> dict[str, float]:
    """Return wrk's own counts."""
    process = start_wrk(system, connections=connections, seconds=seconds, folder=folder)
    return finish_wrk(process)


def start_wrk(system: System, *, connections: int, seconds: float, folder: Path) -> "subprocess.Popen[str]":
    """Start wrk and return its process."""
    env = os.environ | {"KEY": system.key, "BENCH_REQUEST": str(folder / "request.json")}
    (folder / "request.json").write_bytes(request())
    if system.same_bytes:
        (folder / "answer.json").write_text(answer())
        env["BENCH_ANSWER"] = str(folder / "answer.json")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(SCRIPT)]
    url = f"http://127.0.0.1:{system.port}/v1/chat/completions"
    return subprocess.Popen([*command, url], env=env, stdout=subprocess.PIPE, text=True)


def finish_wrk(process: "subprocess.Popen[str]") -> dict[str, float]:
    """Return the counts of a started wrk. Raises ValueError if it printed none."""
    output, _ = process.communicate()
    found = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise ValueError(f"wrk printed no result:\n{output}")
    result: dict[str, float] = json.loads(found[0].removeprefix("RESULT "))
    return result


def streams(system: System, *, connections: int, seconds: float) -> Cell:
    """Return a cell of streamed calls; p50 and p99 are those of the first byte."""
    before, began = _costs(system), time.perf_counter()
    command = [sys.executable, "-m", "bench.streams", str(system.stream_port or system.port), str(connections)]
    done = subprocess.run(
        [*command, str(seconds)], env=os.environ | {"KEY": system.key}, capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    app, db = (after - start for after, start in zip(_costs(system), before, strict=True))
    count = max(1, result["streams"])
    return Cell(
        rps=result["streams"] / (time.perf_counter() - began),
        p50=result["p50"],
        p99=result["p99"],
        app_us=app / count,
        db_us=db / count,
        pss_mb=processes.pss_mb(system.pids()),
        right=result["streams"],
        bad=result["errors"],
    )


def _costs(system: System) -> tuple[int, int]:
    return processes.cpu_us(system.pids()), processes.cpu_us(system.db_pids()) if system.db_pids else 0
