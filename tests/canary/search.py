"""Every byte that an installation keeps, searched for needles in all the forms they may be written in."""

import base64
from collections.abc import Iterator, Mapping

import psycopg

from tests.serving import Server

ROWS = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


def forms(needle: bytes) -> Iterator[bytes]:
    """Yield what to look for: plain, hex, and base64 at each alignment."""
    yield needle
    yield needle.hex().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + needle)
        yield whole[4 * (shift > 0) : (shift + len(needle)) * 4 // 3]


def kept(server: Server) -> Iterator[tuple[str, bytes]]:
    """Yield everything that the installation keeps, and where: files, its log, and the rows of PostgreSQL."""
    for path in [server.log_path, *server.data.rglob("*")]:
        if path.is_file() and "static" not in path.relative_to(server.folder).parts:
            yield str(path.relative_to(server.folder)), path.read_bytes()
    if server.database:
        with psycopg.connect(server.database_url) as connection:
            for (table,) in connection.execute(ROWS).fetchall():
                rows = connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
                yield table, "\n".join(row for (row,) in rows).encode()


def hits(server: Server, needles: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Return which needles are where."""
    found: dict[str, set[str]] = {}
    for place, whole in kept(server):
        for name, needle in needles.items():
            if any(form in whole for form in forms(needle)):
                found.setdefault(name, set()).add(place)
    return found
