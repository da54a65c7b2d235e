"""HTTP connections that go to an address judged beforehand, and that end when their time is over."""

import contextlib
import logging
import math
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.retry import Retry

Resolver = Callable[[str, int], list[str]]

logging.getLogger("urllib3").setLevel(logging.ERROR)  # below, it writes down paths, and paths hold keys


class Deadline:
    """A point in time at which every socket put under it is shut down, whatever it is doing.

    A timeout of requests counts from read to read: a byte a second keeps it waiting for good.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end_at = math.inf
        self._twins: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._end_at = time.monotonic() + self._seconds
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            while self._twins:
                self._twins.pop().close()

    @property
    def left(self) -> float:
        """Return the seconds until then, at least 0."""
        return max(0.0, self._end_at - time.monotonic())

    @property
    def over(self) -> bool:
        """Return whether the time has come."""
        return not self.left

    def watch(self, connection: socket.socket) -> None:
        """Put a connected socket under the deadline."""
        # TLS takes the descriptor of the socket away; a duplicate still reaches the same connection
        with self._lock:
            self._twins.append(connection.dup())
            if self.over:
                connection.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        with self._lock:
            for twin in self._twins:
                with contextlib.suppress(OSError):
                    twin.shutdown(socket.SHUT_RDWR)


class Adapter(HTTPAdapter):
    """Transport of requests whose sockets go only where `resolver` allows, and never retry."""

    def __init__(self, resolver: Resolver, deadline: Deadline, timeout: float) -> None:
        self._resolver, self._deadline, self._timeout = resolver, deadline, timeout
        super().__init__(max_retries=Retry(0, read=False, redirect=0))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections are opened by `_connect`."""
        super().init_poolmanager(*args, **kwargs)
        adapter = self

        class PinnedHTTP(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return adapter._connect(self)

        class PinnedHTTPS(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return adapter._connect(self)

        class HTTPPool(HTTPConnectionPool):
            ConnectionCls = PinnedHTTP

        class HTTPSPool(HTTPSConnectionPool):
            ConnectionCls = PinnedHTTPS

        self.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        """Return a socket to one of the allowed addresses; name, SNI and Host stay what the URL says."""
        problem: OSError | None = None
        try:
            addresses = self._resolver(connection.host.strip("[]"), connection.port)
        except OSError as error:
            raise NewConnectionError(connection, "no address to connect to") from error
        for address in addresses:
            within = min(self._timeout, self._deadline.left)
            if not within:  # a name may have more addresses than there is time for
                break
            try:
                opened = socket.create_connection((address, connection.port), within)
            except OSError as error:
                problem = error
            else:
                self._deadline.watch(opened)
                return opened
        raise NewConnectionError(connection, "could not connect") from problem


def caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Return whether an exception of this kind stands anywhere in the chain of causes."""
    while error is not None:
        if isinstance(error, kind):
            return True
        inner = getattr(error, "reason", None) or next(
            (item for item in error.args if isinstance(item, BaseException)), None
        )
        error = error.__cause__ or error.__context__ or (inner if isinstance(inner, BaseException) else None)
    return False
