"""The site's URL map as a list of routes, and rows that a test can ask each of them for.

What is added to the map is walked by itself. A route that names a row needs to know how one is made: OBJECTS says so by
the first word of the route's name ("key_delete" -> "key").
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.sessions.backends.base import SessionBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import User
from console import export
from gateway import keys
from notifications import mailboxes, outbox
from notifications.models import Delivery, Method
from security import tokens
from security.models import Passkey, Session
from security.sessions import SessionStore, stored

UNKNOWN = 424_242  # no row has this number, name or slug
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
NAMELESS = {"admin"}  # its catch-all, which only adds slashes


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the map: its name with the namespace, the names of its arguments, and the view."""

    name: str
    arguments: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def kind(self) -> str:
        """Return what its row is, by the first word of its name."""
        return self.name.partition("_")[0]

    @property
    def in_admin(self) -> bool:
        return self.name.startswith("admin:")

    def path(self, **values: object) -> str:
        """Return its path; arguments that are left out name nothing that exists."""
        given = {name: values.get(name, UNKNOWN) for name in self.arguments}
        return reverse(self.name, kwargs=given)

    def of(self, user: User) -> str:
        """Return its path to a new row of `user`, or of anybody where rows have no owner."""
        return self.path(**dict(zip(self.arguments, self._row(user), strict=True)))

    @property
    def owned(self) -> bool:
        """Return whether it names a row that belongs to somebody."""
        return bool(self.arguments) and not self.in_admin and self.name not in BY_LINK | OFFERED

    def _row(self, user: User) -> tuple[object, ...]:
        if not self.arguments:
            return ()
        if self.in_admin:
            return _of_admin(self)
        make = (BY_LINK | OFFERED).get(self.name) or OBJECTS.get(self.kind)
        assert make, (
            f"{self.name!r} names a row ({', '.join(self.arguments)}) and nobody knows how to make one: add"
            f" {self.kind!r} to OBJECTS in tests/proofs/urlmap.py, with a function that makes a row of an account and"
            " returns the values of the route's arguments."
        )
        return make(user)


def _key(user: User) -> tuple[object, ...]:
    return (keys.mint(user, secrets.token_hex(4))[0].pk,)


def _token(user: User) -> tuple[object, ...]:
    return (tokens.make(user, name=secrets.token_hex(4), scopes=["read"])[0].pk,)


def _session(user: User) -> tuple[object, ...]:
    store: SessionBase = SessionStore()
    store.update({"_auth_user_id": str(user.pk)})
    store.create()
    return (Session.objects.get(session_key=stored(store.session_key)).public_id,)


def _passkey(user: User) -> tuple[object, ...]:
    made = Passkey.objects.create(
        user=user, name=secrets.token_hex(4), credential_id=secrets.token_bytes(16), public_key=b"x", sign_count=0
    )
    return (made.pk,)


def _binding(user: User) -> tuple[object, ...]:
    return (SocialAccount.objects.create(user=user, provider="github", uid=secrets.token_hex(8)).pk,)


def _export(user: User) -> tuple[object, ...]:
    job = jobs.queue(user, export.KIND)
    jobs.run_due()
    return (job.pk,)


def _delivery(user: User) -> tuple[object, ...]:
    row = outbox.put(user=user, event="quota.low", method="webhook", subject="Low", payload="{}", repeatable=True)
    Delivery.objects.filter(pk=row.pk).update(state="dead")
    return (row.pk,)


OBJECTS: dict[str, Callable[[User], tuple[object, ...]]] = {
    "key": _key,
    "token": _token,
    "session": _session,
    "passkey": _passkey,
    "binding": _binding,
    "export": _export,
    "delivery": _delivery,
}


def _confirmation(user: User) -> tuple[object, ...]:
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email)
    return (EmailConfirmationHMAC(address).key,)


def _reset(user: User) -> tuple[object, ...]:
    return (user_pk_to_url_str(user), default_token_generator.make_token(user))


def _address(user: User) -> tuple[object, ...]:
    token = secrets.token_urlsafe(16)
    pending = {"link_digest": mailboxes._digest(token), "link_until": timezone.now() + mailboxes.LIFE}
    Method.objects.update_or_create(user=user, kind="email", defaults={**pending, "pending": "else@example.org"})
    return (token,)


# links that were mailed: whoever has one may follow it
BY_LINK: dict[str, Callable[[User], tuple[object, ...]]] = {
    "account_confirm_email": _confirmation,
    "account_reset_password_from_key": _reset,
    "notification_address": _address,
}


# what is there for everybody
OFFERED: dict[str, Callable[[User], tuple[object, ...]]] = dict.fromkeys(
    ("provider_back", "provider_bind", "provider_sign_in"), lambda _user: ("acme",)
) | dict.fromkeys(("method_card", "method_save", "method_test", "method_remove"), lambda _user: ("webhook",))


def _of_admin(route: Route) -> tuple[object, ...]:
    """Return arguments of a page of the administration: the first row of its model where it shows one."""
    known = {"app_label": "accounts", "content_type_id": 1, "object_id": UNKNOWN}
    _, _, rest = route.name.partition(":")
    for model in apps.get_models():
        if rest.startswith(f"{model._meta.label_lower.replace('.', '_')}_"):
            first = model._default_manager.first()
            known["object_id"] = first.pk if first else UNKNOWN
    return tuple(known.get(name, UNKNOWN) for name in route.arguments)


def routes() -> list[Route]:
    """Return every route of the site but those of /api, which reads no cookie and has a matrix of its own."""
    return sorted(_walk(get_resolver()), key=lambda route: route.name)


def _walk(resolver: URLResolver, space: str = "", before: tuple[str, ...] = ()) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        arguments = (*before, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            if pattern.namespace == "api" or str(pattern.pattern) == "api/":
                continue
            yield from _walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space, arguments)
        elif isinstance(pattern, URLPattern):
            if pattern.name:
                yield Route(space + pattern.name, arguments, pattern.callback)
            else:
                assert space.rstrip(":") in NAMELESS, (
                    f"{pattern.pattern} has no name; give it one, so that it is tested"
                )
