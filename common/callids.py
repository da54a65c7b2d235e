"""The shape of a call's id: 63 bits in order of time.

42 bits of milliseconds since 1970 (until 2109), 10 of worker, 11 of sequence.
"""

import re
from datetime import UTC, datetime

WORKER_BITS = 10
SEQUENCE_BITS = 11
TIME_SHIFT = WORKER_BITS + SEQUENCE_BITS
MS_AN_HOUR = 3_600_000
PREFIX = "req_"
REQUEST_ID = re.compile(r"req_[0-7][0-9a-f]{15}")  # 16 hexadecimal digits of 63 bits


def first_id(moment: datetime) -> int:
    """Return the least id that can be minted at `moment`, the bound of a range over ids."""
    return int(moment.timestamp() * 1000) << TIME_SHIFT


def moment(call_id: int) -> datetime:
    """Return when the id was minted."""
    return datetime.fromtimestamp((call_id >> TIME_SHIFT) / 1000, UTC)


def hour_of(call_id: int) -> int:
    """Return the Unix hour in which the id was minted."""
    return (call_id >> TIME_SHIFT) // MS_AN_HOUR


def hour(number: int) -> datetime:
    """Return when a Unix hour begins."""
    return datetime.fromtimestamp(number * 3600, UTC)


def request_id(call_id: int) -> str:
    """Return the text form that clients see ("req_0cf8…"); it sorts as the id does."""
    return f"{PREFIX}{call_id:016x}"


def call_id(request: str) -> int:
    """Return the id of a text form. Raises ValueError for anything that `request_id` did not write."""
    if not REQUEST_ID.fullmatch(request):
        raise ValueError(f"{request!r} is not a request id")
    return int(request.removeprefix(PREFIX), 16)
