"""The bench measures what it says it measures."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import create_autospec

import pytest
import requests

from bench import answers, deliveries, nginx, processes, proofs, quick, report, settings_pages, sign_in
from bench.load import Cell, System, streams, wrk
from bench.processes import Process
from tests.serving import free_port

needs_tools = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not (shutil.which("wrk") and Path("/usr/sbin/nginx").exists()),
    reason="nginx and wrk are not installed",
)


def cell(**figures):
    plain = {"rps": 100.0, "p50": 1.0, "p99": 2.0, "app_us": 10.0, "db_us": 0.0, "pss_mb": 5.0, "right": 9, "bad": 0}
    return Cell(**plain | figures)


def test_the_middle_of_three_rounds_is_their_median_and_the_sum_of_their_faults():
    rounds = [cell(rps=1, bad=1), cell(rps=50), cell(rps=3, bad=2)]
    assert (report.middle(rounds).rps, report.middle(rounds).bad, report.middle(rounds).right) == (3, 3, 27)


def test_a_table_shows_the_ratio_to_the_baseline_at_the_same_connections():
    cells = {("nginx", 1): [cell(rps=200)], ("gate", 1): [cell(rps=50)], ("gate", 32): [cell()]}
    lines = report.calls_table(cells, baselines=["nginx"]).splitlines()
    assert [line.split("|")[-2].strip() for line in lines[2:]] == ["1", "0.25", "-"]


@pytest.mark.parametrize(
    ("gate", "wrong"),
    [
        ({"rps": 10, "app_us": 100}, 0),
        ({"rps": 1, "app_us": 100}, 1),
        ({"rps": 10, "app_us": 1000}, 1),
        ({"rps": 10, "app_us": 100, "db_us": 1000}, 1),
    ],
)
def test_speed_is_judged_by_ratios(gate, wrong):
    cells = {("nginx", 32): [cell()], ("gate", 32): [cell(**gate)]}
    assert len(list(quick.too_slow(cells, slack=1))) == wrong


def test_wrong_answers_are_named():
    assert list(report.not_right({("gate", 1): [cell(bad=2)], ("nginx", 1): [cell()]})) == [
        "gate at c=1: 2 answers were not right"
    ]


def test_cost_of_a_process_is_its_cpu_time_and_memory(tmp_path):
    # a little more than is waited for: the kernel counts in ticks
    busy = "import time; t = time.process_time()\nwhile time.process_time() - t < 0.6: pass\ntime.sleep(60)"
    with Process([sys.executable, "-c", busy], log=tmp_path / "log") as process:
        processes.wait_for(lambda: processes.cpu_us(process.pids()) >= 500_000, seconds=30)
        assert processes.cpu_us(process.pids()) < 2_000_000
        assert 1 < processes.pss_mb(process.pids()) < 200
    assert process.pids() == []


def test_the_time_of_a_sign_in_is_that_which_95_of_100_stay_below():
    run = sign_in.Times("SQLite", [float(number) for number in range(100)], 7)
    assert run.p95 == 95.0
    assert sign_in.table([run]).splitlines()[-1] == "| SQLite | 100 | 50 | 95 | 7 |"


def test_the_time_of_a_page_is_that_which_95_of_100_stay_below():
    run = settings_pages.Times("/settings/", [float(number) for number in range(100)], 7.4)
    assert run.p95 == 95.0
    assert settings_pages.table([run]).splitlines()[-1] == "| /settings/ | 50 | 95 | 7 |"


def test_a_page_that_is_not_shown_is_no_figure():
    stranger = create_autospec(requests.Session)
    stranger.get.return_value.status_code = 302
    with pytest.raises(ValueError, match="302"):
        settings_pages.ask(stranger, "/settings/privacy/")


def test_waiting_in_vain_is_an_error():
    with pytest.raises(TimeoutError):
        processes.wait_for(lambda: False, seconds=0.1)


def test_streaming_mock_is_measured_to_its_last_byte(tmp_path):
    port = free_port()
    with Process([sys.executable, "-m", "bench.sse", str(port)], log=tmp_path / "log"):
        processes.wait_for(lambda: proofs.listening([port]))
        seen = streams(System("direct", port, "none", list), connections=4, seconds=0.3)
    assert (seen.right, seen.bad) == (seen.right, 0)
    assert seen.right >= 4
    assert seen.p50 < answers.CHUNKS * answers.CHUNK_S * 1000


def test_answers_carry_the_usage_that_is_charged():
    assert json.loads(answers.answer())["usage"]["completion_tokens"] == answers.OUTPUT_TOKENS
    assert len(answers.chunks()) == answers.CHUNKS
    assert answers.chunks()[-1].endswith(b"data: [DONE]\n\n")


@needs_tools
def test_wrk_tells_right_answers_from_wrong_ones(tmp_path, monkeypatch):
    mock, proxy = free_port(), free_port()
    with nginx.mock(tmp_path / "mock", mock), nginx.proxy(tmp_path / "proxy", proxy, mock):
        processes.wait_for(lambda: proofs.listening([mock, proxy]))
        system = System("nginx", proxy, "none", list)
        good = wrk(system, connections=2, seconds=1, folder=tmp_path)
        monkeypatch.setattr("bench.load.answer", lambda: "something else")
        other = wrk(system, connections=2, seconds=1, folder=tmp_path)
    assert (good["wrong"], good["refused"], other["right"]) == (0, 0, 0)
    assert min(good["right"], other["wrong"]) > 10


def test_bench_ends_only_what_it_started(tmp_path):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        log = tmp_path / "log"
        with Process([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"], log=log):
            processes.wait_for(lambda: "here" in log.read_text())
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_messages_that_wait_are_judged_by_the_middle_of_the_slowest_calls():
    pair = deliveries.Pair(
        "SQLite", [cell(p99=p99) for p99 in (10, 11, 90)], [cell(p99=p99) for p99 in (12, 22, 23)], 998
    )
    assert pair.ratio == 2
    assert deliveries.table([pair]).splitlines()[-1] == "| SQLite, messages wait | 998 | 100 | 1.00 | 22.00 |"


def test_a_dead_receiver_takes_a_connection_and_says_nothing():
    with deliveries.dead_receiver() as port, socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(b"POST / HTTP/1.1\r\n\r\n")
        asking.settimeout(0.2)
        with pytest.raises(TimeoutError):
            asking.recv(1)
