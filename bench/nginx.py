"""nginx in two roles: the mock upstream (`return 200`) and the ceiling (`proxy_pass`)."""

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from bench.answers import answer
from bench.processes import Process

FRAME = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 32m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {http}
}}
"""
MOCK = "server {{ listen 127.0.0.1:{port} backlog=4096; default_type application/json; return 200 '{body}'; }}"
PROXY = """
  upstream mock {{ server 127.0.0.1:{upstream}; keepalive 512; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    location / {{ proxy_pass http://mock; }}
  }}
"""


def mock(folder: Path, port: int) -> AbstractContextManager[Process]:
    """Return an upstream that gives the same answer to every call, at the price of a few microseconds."""
    return _nginx(folder, MOCK.format(port=port, body=answer()))


def proxy(folder: Path, port: int, upstream: int) -> AbstractContextManager[Process]:
    """Return a plain reverse proxy, one worker: what relaying costs at the least."""
    return _nginx(folder, PROXY.format(port=port, upstream=upstream))


def _nginx(folder: Path, http: str) -> Process:
    folder.mkdir()
    config = folder / "nginx.conf"
    # as root, nginx would hand its workers to an account that may not read the folder
    config.write_text(FRAME.format(folder=folder, http=http, user="user root;" if os.getuid() == 0 else ""))
    binary = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    return Process([binary, "-p", str(folder), "-c", str(config)], log=folder / "log")
