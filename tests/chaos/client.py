"""A plain client of /v1 over one socket a call: what it saw before the world ended."""

import http.client
import json
import secrets
from dataclasses import dataclass

from common import callids
from tests.serving import Server

MESSAGES = [{"role": "user", "content": "one two three four five six seven eight nine ten"}]


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back: `status` 0 if nothing did, `whole` if the answer arrived to its end, `call` its id in the log."""

    status: int = 0
    whole: bool = False
    call: int = 0
    body: bytes = b""


def ask(port: int, key: str, *, model: str, stream: bool = False, timeout: float = 60) -> Seen:
    """Return what one call saw, whatever happens to the server meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    body = json.dumps({"model": model, "messages": MESSAGES, "stream": stream, "max_tokens": 200})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        call = answer.headers.get("x-request-id", "")
        text = answer.read()
    except (OSError, http.client.HTTPException):
        return Seen()
    finally:
        connection.close()
    whole = text.rstrip().endswith(b"data: [DONE]") if stream and answer.status == 200 else bool(text)
    return Seen(answer.status, whole, callids.call_id(call) if call else 0, text)


def customer(server: Server, *, credit: str = "100") -> str:
    """Return the key of a new account with this many USD."""
    name = f"customer{secrets.token_hex(3)}"
    options = ["--email", f"{name}@example.com", "--credit", credit, "--password-stdin"]
    server.manage("user", "create", name, *options, stdin=secrets.token_urlsafe(24))
    key: str = json.loads(server.manage("key", "create", name, "first", "--json"))["key"]
    return key
