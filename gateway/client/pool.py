"""Connections that are kept for the next call, and how new ones are opened."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

import aiohappyeyeballs

from common import outbound
from gateway.client.connection import Connection

KEEP_S = 15.0  # seconds; most servers keep an idle connection for longer
RESOLVE_S = 5.0  # seconds for the address of an upstream
NEXT_ADDRESS_S = 0.25  # seconds before the next address is tried beside the first (RFC 8305)


class Origin(NamedTuple):
    """Where a connection leads (RFC 9110 4.3.1)."""

    secure: bool
    host: str
    port: int


AddressInfo = Sequence[tuple[int, int, int, str, tuple[Any, ...]]]


class Pool:
    """The connections of one loop. The last to come back is the next to go, so that the others can grow old."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin with none."""
        self._loop = loop
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: WeakSet[Connection] = WeakSet()
        self._sweeping: asyncio.TimerHandle | None = None

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that is open and free, None where there is none."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
        return None

    async def open(self, origin: Origin, within: float) -> Connection:
        """Return a new connection. Raises OSError where there is none to be had, TimeoutError after `within` seconds.

        The policy for addresses judges each address that the name resolves to (AddressRefused is an OSError).
        """

        def idle(connection: Connection) -> None:
            self._keep(origin, connection)

        addresses = _literal(origin) or await self._resolve(origin)
        async with asyncio.timeout(within):
            opened = await aiohappyeyeballs.start_connection(
                addresses, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, socket_factory=outbound.open_socket
            )
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, idle),
                sock=opened,
                ssl=_tls() if origin.secure else None,
                server_hostname=origin.host if origin.secure else None,
            )
        self._open.add(connection)
        return connection

    async def _resolve(self, origin: Origin) -> AddressInfo:
        try:
            async with asyncio.timeout(RESOLVE_S):
                return await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise OSError("its name has no address in time") from error

    def _keep(self, origin: Origin, connection: Connection) -> None:
        connection.idle_at = self._loop.time()
        self._idle.setdefault(origin, []).append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEP_S, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has needed for long."""
        oldest = self._loop.time() - KEEP_S
        for origin, idle in list(self._idle.items()):
            for connection in idle:
                if connection.idle_at <= oldest:
                    connection.abort()
            self._idle[origin] = [connection for connection in idle if connection.usable]
            if not self._idle[origin]:
                del self._idle[origin]
        self._sweeping = self._loop.call_later(KEEP_S, self._sweep) if self._idle else None

    async def close(self) -> None:
        """End every connection."""
        if self._sweeping:
            self._sweeping.cancel()
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # a transport that was closed a moment ago lets go of its socket one turn later


def _literal(origin: Origin) -> AddressInfo:
    """Return the address that a host of digits is, without a look-up that may have to wait for others."""
    try:
        return socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return ()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # verifies certificate and name
    context.set_alpn_protocols(["http/1.1"])
    return context


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()


def current() -> Pool:
    """Return the pool of the running loop; it keeps connections, but no cookies and no secrets."""
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        _pools[loop] = Pool(loop)
    return _pools[loop]


async def close() -> None:
    """End the connections of the running loop, at the end of a process."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool:
        await pool.close()
