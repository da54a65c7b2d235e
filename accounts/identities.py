"""Accounts elsewhere that vouch for one here: provider and subject, never an e-mail address, say whose they are.

Of what a provider tells, the subject and a name to show are kept; no token is.
"""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction

from accounts import ports, providers
from accounts.models import User

LONGEST_SUBJECT = 191  # of the column; OpenID Connect Core 2 allows 255 ASCII characters
LONGEST_NAME = 100


class BoundElsewhere(Exception):
    """Another account here is bound to this identity."""


class AlreadyBound(Exception):
    """The account is bound to another identity of this provider."""


class NotBound(LookupError):
    """The account has no such binding, or not any more."""


class SoleWay(Exception):
    """The account signs in by one provider alone: nothing else is bound to it, and that one stays."""


class LastWayIn(Exception):
    """Without this binding nobody could get into the account."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider, as its `issuer` says; the rest is for the operator's rules alone.

    `email` is proposed at the sign-up, `verified` is whether the provider says that it is theirs, `proven` whether they
    gave it a second factor.
    """

    provider: str
    subject: str
    name: str
    issuer: str
    email: str = ""
    verified: bool = False
    groups: tuple[str, ...] = ()
    staff: bool = False
    proven: bool = False


def owner(identity: Identity) -> User | None:
    """Return whose account an identity leads into, None if there is none."""
    bound = _bound(identity)
    return bound.user if bound else None


def of(user: User) -> list[SocialAccount]:
    """Return the bindings of an account, oldest first, those of providers that are switched off too."""
    return list(SocialAccount.objects.filter(user=user).order_by("pk"))


def usable(user: User) -> list[providers.Provider]:
    """Return the providers by which an account can be got into now."""
    bound, alone = {account.provider for account in of(user)}, sole(user)
    found = [provider for provider in providers.enabled() if provider.id in bound]
    return [provider for provider in found if alone is None or provider.id == alone.id]


def sole(user: User) -> providers.Provider | None:
    """Return the provider by which alone an account signs in, None where it may sign in otherwise.

    That is the one that made it, as long as the operator wants it so.
    """
    strict = [provider for provider in providers.set_up() if provider.only] if providers.any_strict() else []
    made = {account.provider for account in of(user) if account.extra_data.get("made")} if strict else set()
    return next((provider for provider in strict if provider.id in made), None)


def has_password(user: User) -> bool:
    """Return whether an account has a password that opens something."""
    return user.has_usable_password() and sole(user) is None


def made_by(user: User, provider_id: str) -> bool:
    """Return whether an account was made, or claimed, by a provider, and is bound to it still."""
    return any(account.provider == provider_id and account.extra_data.get("made") for account in of(user))


def table(user: User) -> list[dict[str, object]]:
    """Return a row for every provider, with the account there that is bound; bindings gone dead come last.

    Where one provider is the only way in, those that are not bound are left out.
    """
    alone = sole(user)
    bound = {account.provider: account for account in of(user)}
    rows: list[tuple[str, providers.Provider | None, SocialAccount | None]] = [
        (found.name, found, bound.pop(found.id, None)) for found in providers.enabled()
    ]
    rows += [(gone, None, account) for gone, account in bound.items()]
    return [
        {
            "title": title,
            "provider": provider,
            "account": account,
            "name": account.extra_data.get("name", account.uid) if account else "",
            "action": _action(provider, account, alone),
        }
        for title, provider, account in rows
        if account or not alone
    ]


@transaction.atomic
def keep(user: User, identity: Identity, *, made: bool = False) -> None:
    """Bind an account to an identity, by which it was `made`. Raises IntegrityError if another account has it."""
    providers.settle(identity.provider, identity.issuer)
    kept: dict[str, object] = {"name": identity.name[:LONGEST_NAME]}
    SocialAccount.objects.create(
        user=user,
        provider=identity.provider,
        uid=identity.subject,
        extra_data=kept | {"made": True} if made else kept,
    )


@transaction.atomic
def bind(user: User, identity: Identity, *, session_key: str | None) -> None:
    """Let an identity lead into an account, and end its other sessions; once more changes nothing.

    Raises BoundElsewhere, AlreadyBound, SoleWay.
    """
    User.objects.select_for_update().get(pk=user.pk)  # of two at once, the second sees the first
    mine = SocialAccount.objects.filter(user=user, provider=identity.provider).first()
    if mine is not None:
        if mine.uid == identity.subject:
            return
        raise AlreadyBound
    if sole(user):
        raise SoleWay
    try:
        with transaction.atomic():
            keep(user, identity)
    except IntegrityError as error:
        raise BoundElsewhere from error
    _changed(user, "bound", identity.provider, session_key)


@transaction.atomic
def unbind(user: User, pk: int, *, session_key: str | None) -> None:
    """Take an identity away from an account and end its other sessions. Raises NotBound, LastWayIn, SoleWay."""
    User.objects.select_for_update().get(pk=user.pk)
    bound = SocialAccount.objects.filter(user=user, pk=pk).first()
    if bound is None:
        raise NotBound
    alone = sole(user)
    if alone and alone.id == bound.provider:
        raise SoleWay
    bound.delete()
    if not ports.ways(user):
        raise LastWayIn
    _changed(user, "unbound", bound.provider, session_key)


def _action(
    provider: providers.Provider | None, account: SocialAccount | None, alone: providers.Provider | None
) -> str:
    """Return what can be done about a provider: "bind", "unbind", or nothing where it is the one way in for good."""
    if alone and provider == alone:
        return ""
    return "unbind" if account else "bind"


def _bound(identity: Identity) -> SocialAccount | None:
    found = SocialAccount.objects.filter(provider=identity.provider, uid=identity.subject)
    return found.select_related("user").first()


def _changed(user: User, kind: str, detail: str, session_key: str | None) -> None:
    ports.end_sessions(user, session_key)
    ports.record(user, kind, detail=detail)
