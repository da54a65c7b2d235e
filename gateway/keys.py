"""API keys as their owner handles them: make, take over, disable, enable, delete."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import secretkeys, version
from gateway import key_rules as rules
from gateway.models import ApiKey

CHECKS: Mapping[str, Callable[[Any], object]] = {
    "name": rules.name,
    "enabled": bool,
    "limit": rules.limit,
    "period": rules.period,
    "allowed_models": rules.models,
    "subnets": rules.subnets,
    "expires_at": rules.expiry,
}


class Rules(TypedDict, total=False):
    """What a key has to obey; each may be left out. `limit` is nano-USD per `period`, empty lists allow everything."""

    limit: int | None
    period: str
    allowed_models: Iterable[str]
    subnets: Iterable[str]
    expires_at: datetime | None


class Changes(Rules, total=False):
    """What of a key may be changed later."""

    name: str
    enabled: bool


def mint(user: User, name: str, **obeyed: Unpack[Rules]) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is stored nowhere. Raises a KeyRefused."""
    secret = secretkeys.mint(secretkeys.API_KEY)
    return _store(user, name, secret, ApiKey.Class.TOLLGATE, obeyed), secret


def adopt(user: User, name: str, secret: str, **obeyed: Unpack[Rules]) -> ApiKey:
    """Let a secret of another system keep working here. Raises a KeyRefused."""
    secret = rules.secret(secret)
    if not secret.startswith(secretkeys.API_KEY):
        return _store(user, name, secret, ApiKey.Class.LEGACY, obeyed)
    if not secretkeys.well_formed(secret, secretkeys.API_KEY):
        raise rules.InvalidSecret(_("A secret with this prefix has a checksum, and this one's is wrong."))
    return _store(user, name, secret, ApiKey.Class.TOLLGATE, obeyed)


@transaction.atomic
def _store(user: User, name: str, secret: str, key_class: str, obeyed: Rules) -> ApiKey:
    owner = User.objects.select_for_update().select_related("group").get(pk=user.pk)  # one at a time: names and numbers
    name, digest = rules.name(name), secretkeys.digest(secret)
    if owner.api_keys.filter(name=name).exists():
        raise rules.NameTaken(_("You already have a key with this name."))
    if owner.api_keys.count() >= owner.group.max_keys:
        raise rules.TooManyKeys(
            _("Your group allows %(n)s keys. Delete one you no longer use.") % {"n": owner.group.max_keys}
        )
    if ApiKey.objects.filter(digest=digest).exists():
        raise rules.SecretTaken(_("A key with this secret exists already."))
    prefix, suffix = secretkeys.hint(secret)
    key = ApiKey.objects.create(
        user=owner,
        name=name,
        key_class=key_class,
        digest=digest,
        prefix=prefix,
        suffix=suffix,
        limit=rules.limit(obeyed.get("limit")),
        period=rules.period(obeyed.get("period", ApiKey.Period.MONTH)),
        allowed_models=rules.models(obeyed.get("allowed_models", ())),
        subnets=rules.subnets(obeyed.get("subnets", ())),
        expires_at=rules.expiry(obeyed.get("expires_at")),
    )
    version.bump()
    return key


@transaction.atomic
def change(key: ApiKey, **changes: Unpack[Changes]) -> None:
    """Change what is named and leave the rest, on every worker within a second. Raises a KeyRefused."""
    owner = User.objects.select_for_update().get(pk=key.user_id)
    checked = {field: CHECKS[field](value) for field, value in changes.items()}
    if owner.api_keys.exclude(pk=key.pk).filter(name=checked.get("name", "")).exists():
        raise rules.NameTaken(_("You already have a key with this name."))
    if checked:
        ApiKey.objects.filter(pk=key.pk).update(**checked)
        version.bump()


def disable(key: ApiKey) -> None:
    """Refuse the key from now on, on every worker within a second."""
    _switch(key, enabled=False)


def enable(key: ApiKey) -> None:
    """Let a disabled key work again."""
    _switch(key, enabled=True)


@transaction.atomic
def _switch(key: ApiKey, *, enabled: bool) -> None:
    ApiKey.objects.filter(pk=key.pk).update(enabled=enabled)
    key.enabled = enabled
    version.bump()


@transaction.atomic
def delete(key: ApiKey) -> None:
    """Remove the key for good; its name stays in the logs."""
    key.delete()
    version.bump()
