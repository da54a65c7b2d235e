"""LiteLLM's proxy on the same mock upstream: a master key, no database, so nothing is metered durably."""

import json
import os
import socket
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from bench.answers import MODEL, STREAM_MODEL
from bench.load import System
from bench.processes import Process, of_group, wait_for
from tests.serving import ROOT

MASTER_KEY = "sk-bench-0123456789abcdef"
VENV = ROOT / ".venv-litellm"
REQUIREMENTS = ROOT / "bench/requirements-litellm.txt"


def install() -> str:
    """Build its environment from the pinned requirements where it is missing; return its version."""
    python = VENV / "bin/python"
    if not (VENV / "bin/litellm").exists():
        subprocess.run(["python3", "-m", "venv", "--without-pip", str(VENV)], check=True)
        pip = ["python3", "-m", "pip", "--python", str(python), "install", "-q", "--only-binary", ":all:"]
        # the file is complete; a pip that resolves it again may look at releases which it does not name
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(REQUIREMENTS)], check=True)
    code = "import importlib.metadata as m; print(m.version('litellm'))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def serve(folder: Path, port: int, *, plain: int, stream: int, workers: int) -> AbstractContextManager[Process]:
    """Return the proxy, its two models answered by the mock upstreams."""
    models = [
        {
            "model_name": model,
            "litellm_params": {
                "model": f"openai/{model}",
                "api_base": f"http://127.0.0.1:{upstream}/v1",
                "api_key": "none",
            },
        }
        for model, upstream in ((MODEL, plain), (STREAM_MODEL, stream))
    ]
    folder.mkdir()
    config = folder / "config.yaml"
    # JSON is YAML
    config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": MASTER_KEY}}))
    command = [str(VENV / "bin/litellm"), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | quiet
    return Process([*command, "--num_workers", str(workers)], log=folder / "log", env=env)


def system(process: Process, port: int, *, name: str) -> System:
    """Return what the load generators need to know, once it listens."""
    wait_for(lambda: _listens(port), seconds=300)  # it imports for half a minute on a quiet machine
    return System(name, port, MASTER_KEY, lambda: of_group(process.inner.pid), same_bytes=False)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
