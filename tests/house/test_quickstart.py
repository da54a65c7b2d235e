"""The one command that starts an installation."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from bench.processes import command_line, of_group
from console import quickstart
from tests.serving import ROOT, Server, free_port


@pytest.fixture(scope="module")
def server():
    with Server(workers=2) as running:
        yield running


def wait_until(true, *, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def part(server, word):
    """Return the processes of the installation whose command line holds this word."""
    return set(of_group(server.process.pid, having=word))


def test_it_says_where_it_runs_and_how_to_begin(server):
    assert f"runs at {server.url} " in server.log
    assert server.link.startswith(server.url)


def test_children_stay_in_its_process_group(server):
    assert len(part(server, "granian")) == 3, "granian and two workers"
    assert len(part(server, "manage.py worker")) == 1


def test_it_prints_no_line_that_is_not_for_people_or_json(server):
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    assert all(json.loads(line)["message"] for line in lines)
    assert "Traceback" not in server.log


@pytest.mark.parametrize("word", ["manage.py worker", "granian"])
def test_a_killed_part_is_replaced_while_the_rest_goes_on(server, word):
    before = part(server, word)
    # the youngest: of the server a worker, not its parent
    victim = max(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(part(server, word) - {victim}) == len(before))
    wait_until(server.healthy)
    assert server.running()


def test_doctor_finds_nothing_broken_on_a_new_installation(server):
    findings = json.loads(server.manage("doctor", "--json"))
    assert {finding["state"] for finding in findings} <= {"ok", "look"}
    subjects = {finding["subject"]: finding["state"] for finding in findings}
    assert {subjects[name] for name in ("database", "server", "worker", "static files", "channels")} == {"ok"}


def test_a_taken_port_is_said_in_a_sentence(server):
    done = server.try_manage("quickstart", "--port", str(server.port))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"Port {server.port} is in use by another program. Choose another one: make run PORT={server.port + 1}"
    )


@pytest.mark.req("A15")
def test_sigint_ends_it_with_status_0_and_the_next_start_makes_a_new_link(server):
    first = server.link
    try:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(45) == 0
        assert part(server, "") == set()
    finally:
        server.restart()
    assert server.link != first


def test_losing_the_server_for_good_ends_the_rest_with_status_1(server):
    try:
        os.kill(min(part(server, "granian")), signal.SIGKILL)
        assert server.process.wait(45) == 1
        assert "The server keeps ending" in server.log
        wait_until(lambda: not part(server, "manage.py worker"))
    finally:
        server.restart()


def test_a_database_out_of_reach_is_said_in_a_sentence(tmp_path):
    nowhere = f"postgres://postgres:secret-word@127.0.0.1:{free_port()}/x"
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment |= {"TOLLGATE_DATA": str(tmp_path), "DATABASE_URL": nowhere}
    done = subprocess.run(
        [sys.executable, "manage.py", "quickstart", "--port", str(free_port())],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stdout + done.stderr


def test_port_is_taken_where_any_address_of_the_name_has_a_listener():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener, pytest.raises(quickstart.PortTaken):
        quickstart.claim_port("localhost", listener.getsockname()[1])
    quickstart.claim_port("localhost", free_port())


@pytest.mark.parametrize(("host", "address"), [("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1")])
def test_localhost_is_the_loopback_of_ipv4(host, address):
    assert quickstart.bind_address(host) == address


def test_static_files_are_collected_once(settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    collected = []
    monkeypatch.setattr(quickstart, "call_command", lambda *args, **_: collected.append(args))
    quickstart.collect_static()
    quickstart.collect_static()
    assert collected == [("collectstatic",)]
    settings.VERSION = "99.0"
    quickstart.collect_static()
    assert len(collected) == 2


def test_server_has_no_access_log_and_closes_half_open_headers():
    command = quickstart.server_command("127.0.0.1", 8000, 4)
    assert "--no-access-log" in command
    assert command[command.index("--http1-header-read-timeout") + 1] == "10000"
    assert command[command.index("--workers") + 1] == "4"


def test_debug_is_never_on():
    text = (ROOT / "config/settings.py").read_text()
    assert not re.search(r"^DEBUG", text, re.MULTILINE)


def test_command_line_of_a_process_that_is_gone_is_empty():
    assert command_line(2**22 - 1) == ""
