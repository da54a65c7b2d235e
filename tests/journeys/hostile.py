"""Hostile texts in every column that a text can be in, whoever writes it: run inside a served installation.

They go past the forms, so that a page must not rely on what a form would have refused.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeAlias

from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group as PermissionGroup
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Field, Model
from django.utils import timezone

from accounts.models import Group, Invite, Provider, SignupPolicy, User
from common.fields import EncryptedTextField
from gateway.models import Channel, ChannelKey
from notifications.models import Delivery, Method
from pricing.models import Price
from security.models import Passkey
from tests.canary import plant
from tests.journeys import seed
from tests.proofs.urlmap import routes
from wallet.models import LedgerEntry

AnyField: TypeAlias = Field[Any, Any]

# what is injected has data-x, an event handler, or an address that is a script; each says first which text it is
TEXTS = {
    "script": '{n}"></script><script data-x>alert(1)</script>',
    "element": "{n}'></title></textarea><svg/data-x/onload=alert(1)>",
    "attribute": "{n}\"' data-x autofocus onfocus=alert(1) x=",
    "template": "{n}{{{{7*7}}}}{{% debug %}}${{7*7}}<%=7*7%>{{0.__class__}}",
    "address": "javascript:alert(1)//{n}",
    "entities": "{n}&lt;img src=x data-x onerror=alert(1)&gt;",
}
KINDS = {"CharField", "TextField", "EmailField", "URLField", "JSONField"}
DJANGOS_OWN = {"auth", "contenttypes"}  # names of permissions, tables
# what only code writes, and reads again: digests, keys, the names of verbs, columns that hold numbers or zones
WRITTEN_BY_CODE = {
    *("digest", "key", "session", "session_key", "session_data", "password", "token", "object_id", "slug", "budgets"),
    *("provider", "method", "language", "timezone", "params", "tiers"),
}
# what is kept encrypted as JSON, in the form it has there
SEALED: dict[str, Callable[[str, Any], object]] = {
    "gateway.Channel.headers": lambda text, _row: {text: text},
    "notifications.Method.target": lambda text, row: target(row.kind, text),
    "notifications.Delivery.tries": lambda text, _row: [
        {"at": timezone.now().isoformat(), "ok": False, "result": text, "request": text, "response": text}
    ],
}
TARGETS = {
    "email": ("address",),
    "webhook": ("url", "template"),
    "bark": ("url", "group", "sound"),
    "gotify": ("url", "token"),
}
OF_A_VERB = {"accounts.Job": {"kind"}, "security.Flow": {"next"}, "notifications.Delivery": {"event"}}


def fill() -> None:
    """Make an administrator's account with a row in every table, and print every page of the site with its address."""
    seed.fill()
    user = User.objects.get(username=seed.USERNAME)
    PermissionGroup.objects.create(name="a table beside it points there")
    for model, owner in plant.owned():
        plant.plant(model, owner, user)
    Passkey.objects.update(confirmed=True)
    group = Group.objects.get(is_default=True)
    later = timezone.now() + timedelta(days=1)
    Group.objects.create(name="second", allowed_models=["gpt-5-mini"])
    Provider.objects.create(slug="acme", name="Acme", issuer="https://id.example", client_id="c", client_secret="s")
    Delivery.objects.update(payload="", tries="", method=Method.Kind.WEBHOOK)
    Method.objects.all().delete()
    for kind in TARGETS:
        leads = json.dumps(target(kind, "https://hooks.example"))
        Method.objects.create(user=user, kind=kind, enabled=True, target=leads, last_at=later, last_ok=False)
    SocialAccount.objects.filter(user=user).update(provider="acme", extra_data={"name": "mei"})
    Invite.objects.create(digest="3" * 64, email="ann@example.com", group=group, expires_at=later)
    SignupPolicy.objects.create(mode=SignupPolicy.Mode.OPEN, domains="example.com")
    channel = Channel.objects.order_by("pk")[0]  # whose page is walked through
    channel.groups.add(group)
    ChannelKey.objects.create(channel=channel, secret="upstream-secret", suffix="cret", last_error="x")
    Price.objects.all().delete()  # a catalogue of them would fill the pages of the list
    for number in range(2):
        Price.objects.create(model=f"model-{number}", channel="main", input=1, output=1)
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr="x",
        action_flag=CHANGE,
        change_message="x",
    )
    pages = {route.name: route.of(user) for route in routes() if "logout" not in route.name}
    sys.stdout.write(json.dumps(pages))


@transaction.atomic
def write(kind: str) -> None:
    """Put the text of a kind into every column, and print what now stands where; who signed in has just proven it."""
    told: dict[str, list[str]] = {}
    number = 0
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.order_by("-pk")[:40]:
            values = {}
            for field in written(model):
                number += 1
                text = TEXTS[kind].format(n=f"t{number}.")[: field.max_length or 300]
                values[field.attname] = reworded(field, text, row)
                told.setdefault(f"{model._meta.label}.{field.name}", []).append(text)
            if isinstance(row, LedgerEntry):  # its rows are never changed
                model._default_manager.bulk_create([LedgerEntry(wallet=row.wallet, kind=row.kind, amount=1, **values)])
                break
            if values:
                model._default_manager.filter(pk=row.pk).update(**values)
    seed.prove()
    sys.stdout.write(json.dumps(told))


def written(model: type[Model]) -> Iterator[AnyField]:
    """Yield the columns of a table that hold words."""
    kept = WRITTEN_BY_CODE | OF_A_VERB.get(model._meta.label, set())
    for field in model._meta.concrete_fields:
        if f"{model._meta.label}.{field.name}" in SEALED:
            yield field
            continue
        plain = field.get_internal_type() in KINDS and not field.choices and not field.is_relation
        known = model._meta.app_label in DJANGOS_OWN or field.name in kept or isinstance(field, EncryptedTextField)
        if plain and not known and not field.primary_key:
            yield field


def reworded(field: AnyField, text: str, row: Model) -> Any:
    """Return the text in the form of a column: in a list or an object where it is JSON."""
    if seal := SEALED.get(f"{field.model._meta.label}.{field.name}"):
        return json.dumps(seal(text, row))
    if field.get_internal_type() == "JSONField":
        return {"name": text} if field.name == "extra_data" else [text]
    return text


def target(kind: str, text: str) -> dict[str, object]:
    """Return where a method of a kind leads, with the text wherever a person writes something."""
    secrets: dict[str, object] = {"secrets": []} if kind == Method.Kind.WEBHOOK else {}
    return {**dict.fromkeys(TARGETS[kind], text), **secrets}
