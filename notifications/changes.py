"""Methods changed by their owner: only what was entered changes, and no secret has to be entered twice."""

from collections.abc import Collection, Mapping

from django.db import transaction

from accounts.models import User
from notifications import events, mailboxes, methods, veil
from notifications.methods import Kind
from notifications.models import Method
from notifications.transports import TRANSPORTS
from notifications.transports.base import Target
from notifications.transports.webhook import WebhookTarget

WRITE_ONLY = ("secret", "token")


class NothingEntered(LookupError):
    """The method leads nowhere yet."""


def shown(method: Method) -> dict[str, str]:
    """Return the fields of a method as they may be seen: URLs without their keys, of secrets a hint."""
    if method.kind == Kind.EMAIL:
        return {"address": method.pending or method.target}
    target = target_of(method)
    fields = target.shown() if target else {}
    return {name: veil.veiled(value) if name == "url" else value for name, value in fields.items()}


def target_of(method: Method) -> Target | None:
    """Return where a method leads, None where nothing was entered yet."""
    target: Target | None = TRANSPORTS[method.kind].Target.load(method.target) if method.target else None
    return target


@transaction.atomic
def save(
    user: User,
    kind: str,
    *,
    form: Mapping[str, str] | None = None,
    enabled: bool | None = None,
    muted: Collection[str] | None = None,
) -> Method:
    """Store what was entered for a method; fields that are missing in `form`, and what is None, stay as they are.

    Raises TargetRefused, and accounts.limits.TooManyTries for too many mails to a new address.
    """
    method = _locked(user, kind)
    enabled = method.enabled if enabled is None else enabled
    if kind == Kind.EMAIL:
        mailboxes.enter(method, (form or {}).get("address"))
    elif form is not None or (enabled and not method.target):
        method.target = _target(method, form or {}, needed=enabled)
    method.enabled = enabled
    if muted is not None:
        method.muted = sorted(set(muted) & events.NAMES)
    method.save()
    return method


@transaction.atomic
def remove(user: User, kind: str) -> None:
    """Forget a method with its secrets; mail is off from then on, as the others are."""
    method = _locked(user, kind)
    Method.objects.filter(pk=method.pk).delete()
    if kind == Kind.EMAIL:
        Method.objects.create(user=user, kind=kind, enabled=False)


@transaction.atomic
def rotate(user: User) -> str:
    """Give the webhook a new secret and return it; the one before signs for 24 hours more. Raises NothingEntered."""
    method = _locked(user, Kind.WEBHOOK)
    target = target_of(method)
    if not isinstance(target, WebhookTarget):
        raise NothingEntered
    target = target.rotated()
    Method.objects.filter(pk=method.pk).update(target=target.dump())
    return target.secrets[0].text


def secret_of(user: User) -> str:
    """Return the newest secret of the webhook; empty where there is none."""
    target = target_of(methods.one(user, Kind.WEBHOOK))
    return target.secrets[0].text if isinstance(target, WebhookTarget) and target.secrets else ""


def _target(method: Method, form: Mapping[str, str], *, needed: bool) -> str:
    """Return the target that a form makes of the stored one, as text for its column. Raises TargetRefused."""
    old = target_of(method)
    if old is None and not needed and not any(form.values()):
        return ""  # switched off before anything was entered
    kept = {name: value for name, value in old.shown().items() if name not in WRITE_ONLY} if old else {}
    entered = {**kept, **form}
    entered["url"] = veil.unveiled(entered.get("url", "").strip(), kept.get("url", ""))
    parsed: Target = TRANSPORTS[method.kind].Target.parse(entered, old=old)
    return parsed.dump()


def _locked(user: User, kind: str) -> Method:
    """Return the row of a method, made where there is none, under its lock."""
    Method.objects.bulk_create([methods.default(user, kind)], ignore_conflicts=True)
    return Method.objects.select_for_update(of=("self",)).select_related("user").get(user=user, kind=kind)
