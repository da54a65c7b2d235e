"""Whose key this is: looked up by digest, kept in memory until the version moves."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from django.db.utils import Error as DatabaseError
from django.utils import timezone

from common import secretkeys
from common.address import Network
from gateway.errors import InvalidApiKey, ServiceUnavailable
from gateway.models import ApiKey
from gateway.threads import Threads
from pricing import preferences as pricing
from pricing.preferences import Safeguard
from privacy import services as privacy

MOST_KEPT = 20_000  # about 20 MB
PATIENCE_S = 1.5  # of a caller, where the database does not answer
LONGEST = 512  # characters of an imported key

SAME_WORDS = (
    "The API key is missing, malformed, unknown, revoked or expired. "
    "Send it as 'Authorization: Bearer <key>'; your keys are on the API Keys page."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """What the gate knows of a key, its owner and their group. `limit` is nano-USD per `period`."""

    key_id: int
    key_name: str
    user_id: int
    group_id: int
    active: bool
    multiplier_ppm: int
    models: frozenset[str]  # of the key; empty: all
    group_models: frozenset[str]
    subnets: tuple[Network, ...]
    expires_at: datetime | None
    limit: int | None
    period: str
    rpm: int | None
    tpm: int | None
    parallel: int | None
    streams: int | None
    safeguard: Safeguard
    record_ip: bool

    @property
    def accepts_some(self) -> bool:
        """Return whether the owner accepts that some model has no price."""
        return self.safeguard.accept_unpriced

    def accepts(self, model: str) -> bool:
        """Return whether the owner accepts that this model has no price."""
        return self.safeguard.accepts(model)

    def usable(self) -> bool:
        """Return whether the key opens anything now."""
        return self.active and (self.expires_at is None or self.expires_at > timezone.now())

    def may_call(self, model: str) -> bool:
        """Return whether the lists of key and group let it call the model."""
        return (not self.models or model in self.models) and (not self.group_models or model in self.group_models)


def well_formed(secret: str) -> bool:
    """Return whether `secret` may be a key at all; for the database's sake a wrong checksum is known without asking."""
    if secret.startswith(secretkeys.API_KEY):
        return secretkeys.well_formed(secret, secretkeys.API_KEY)
    if secret.startswith(secretkeys.ACCESS_TOKEN):
        return False
    return 0 < len(secret) <= LONGEST and secret.isascii() and secret.isprintable() and " " not in secret


class Keyring:
    """Finds callers by their secret; bounded, and empty again whenever the version moves."""

    def __init__(self, threads: Threads) -> None:
        """Ask the database in these threads."""
        self._threads = threads
        self._kept: OrderedDict[str, Caller | None] = OrderedDict()
        self._asked: dict[str, asyncio.Future[Caller | None]] = {}
        self.version = 0
        self.used: set[int] = set()

    async def find(self, secret: str) -> Caller:
        """Return whose key this is. Raises InvalidApiKey, or ServiceUnavailable where the database is out of reach."""
        try:
            digest = secretkeys.digest(secret)
        except UnicodeEncodeError as error:
            raise InvalidApiKey(SAME_WORDS) from error
        caller = self._kept.get(digest)
        if caller is None and digest not in self._kept:
            if not well_formed(secret):
                raise InvalidApiKey(SAME_WORDS)
            caller = await self._ask(digest)
        if caller is None or not caller.usable():
            raise InvalidApiKey(SAME_WORDS)
        self.used.add(caller.key_id)
        return caller

    def forget(self, version: int) -> None:
        """Drop everything that was read before this version."""
        if version > self.version:
            self.version = version
            self._kept.clear()
            self._asked.clear()

    async def _ask(self, digest: str) -> Caller | None:
        """Return what the database says; callers of the same key share one question."""
        question = self._asked.get(digest)
        if question is None:
            question = self._asked[digest] = self._threads.run(load, digest)
            question.add_done_callback(lambda answer: self._keep(digest, answer))
        try:
            return await asyncio.wait_for(asyncio.shield(question), PATIENCE_S)
        except (DatabaseError, TimeoutError) as error:
            raise ServiceUnavailable("The database is out of reach. Try again in a moment.") from error

    def _keep(self, digest: str, answer: "asyncio.Future[Caller | None]") -> None:
        failed = answer.cancelled() or answer.exception() is not None
        if self._asked.get(digest) is not answer:  # the version has moved since; the answer may be older than that
            return
        del self._asked[digest]
        if failed:
            return
        self._kept[digest] = answer.result()
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def load(digest: str) -> Caller | None:
    """Return the caller of a key by its digest, None where there is none or it is disabled."""
    key = ApiKey.objects.select_related("user__group").filter(digest=digest, enabled=True).first()
    return _caller(key) if key else None


def live(key_ids: Iterable[int]) -> set[int]:
    """Return those keys that still open something."""
    keys = ApiKey.objects.filter(pk__in=list(key_ids), enabled=True, user__is_active=True)
    return {key.pk for key in keys if not key.expired()}


def touch(key_ids: Iterable[int]) -> None:
    """Note that these keys were used just now."""
    ApiKey.objects.filter(pk__in=list(key_ids)).update(last_used_at=timezone.now())


def _caller(key: ApiKey) -> Caller:
    owner, group = key.user, key.user.group
    return Caller(
        key_id=key.pk,
        key_name=key.name,
        user_id=owner.pk,
        group_id=group.pk,
        active=owner.is_active,
        multiplier_ppm=group.multiplier_ppm,
        models=frozenset(key.allowed_models),
        group_models=frozenset(group.allowed_models),
        subnets=tuple(ip_network(subnet, strict=False) for subnet in key.subnets),
        expires_at=key.expires_at,
        limit=key.limit,
        period=key.period,
        rpm=group.rpm,
        tpm=group.tpm,
        parallel=group.parallel,
        streams=group.streams,
        safeguard=pricing.in_force(owner.pk),
        record_ip=privacy.records_address(owner.pk),
    )
