"""Mail that really leaves, to where a test can see it."""

import email
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Letter
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from notifications.models import Delivery
from notifications.transports.base import Message
from tests.accounts.conftest import browser, outbox, signed_in
from tests.peers.receiver import Receiver

__all__ = ["browser", "outbox", "signed_in"]


@dataclass
class Mailbox:
    """A mail server that keeps what it gets; `answer` is what it says to a message."""

    port: int
    letters: list[tuple[list[str], Letter, bool]] = field(default_factory=list)
    answer: str = "250 OK"
    password: bytes = b"p@ss/word"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 (the name that aiosmtpd calls)
        if self.answer.startswith("250"):
            letter = email.message_from_bytes(envelope.content)
            self.letters.append((envelope.rcpt_tos, letter, bool(session.authenticated)))
        return self.answer

    def authenticate(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        right = isinstance(auth_data, LoginPassword) and auth_data.password == self.password
        return AuthResult(success=right, handled=False)


@pytest.fixture
def mailbox(settings):
    """A real SMTP server on loopback, named in EMAIL_URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Mailbox(port)
    controller = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=box.authenticate, auth_require_tls=False
    )
    controller.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    yield box
    controller.stop()


@pytest.fixture
def files(settings, tmp_path) -> Path:
    """The folder of letters where there is no mail server."""
    folder: Path = tmp_path / "mail"
    settings.EMAIL_FILES = folder
    return folder


@pytest.fixture
def row():
    """The only delivery there is, as stored now."""
    return Delivery.objects.get


@pytest.fixture
def message() -> Message:
    """A warning, in English."""
    return Message(
        delivery=42,
        type="quota.low",
        timestamp=datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC),
        language="en",
        title="Your balance is down to $3.42",
        content="The balance of mei's account is $3.42 & falling.\n\nCalls go on: 余额 <5%.",
        data={"balance_usd": "3.42", "threshold_usd": "5.00"},
    )


@pytest.fixture
def loopback(settings) -> None:
    """Let messages go to this machine."""
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver(loopback) -> Iterator[Receiver]:
    """Whoever a webhook may talk to."""
    with Receiver() as running:
        yield running
