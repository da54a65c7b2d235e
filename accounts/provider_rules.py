"""What an operator's rules for a provider do: whom it brings, and what the accounts that it made may do.

They hold at every visit. Accounts that were made otherwise and bound later keep the rights that they were given here.
"""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from accounts import administrators, identities, ports, providers, services
from accounts.identities import Identity
from accounts.models import Group, User
from accounts.providers import Provider
from common import version


class NotAdmitted(Exception):
    """The provider brings only people with a verified address of its domains."""


def check(provider: Provider, identity: Identity) -> None:
    """Raise NotAdmitted for people whom a provider is not to bring."""
    if provider.domains and not vouches(provider, identity):
        raise NotAdmitted


def vouches(provider: Provider, identity: Identity) -> bool:
    """Return whether an address counts as verified because the operator trusts the provider with its domain."""
    mailbox, _, domain = identity.email.rpartition("@")
    return identity.verified and bool(mailbox) and domain.lower() in provider.domains


@transaction.atomic
def enter(identity: Identity) -> User | None:
    """Return whose account somebody comes into, with the rights that its provider gives it; None if there is none.

    Raises identities.SoleWay where the account may be entered by another provider alone.
    """
    user = identities.owner(identity) or claim(identity)
    if user is None:
        return None
    alone = identities.sole(user)
    if alone and alone.id != identity.provider:
        raise identities.SoleWay
    apply(user, identity)
    return user


@transaction.atomic
def claim(identity: Identity) -> User | None:
    """Bind the account that an operator made for somebody, and return it; None where there is none to claim.

    It must be untouched: no administrator, no password, no binding, never signed in. Of many at once, one gets it.
    """
    if not (providers.get(identity.provider).premade and identity.verified and identity.email):
        return None
    waiting = User.objects.filter(email__iexact=identity.email, is_active=True, is_staff=False, is_superuser=False)
    user = waiting.filter(last_login=None).select_for_update().first()
    if user is None or user.has_usable_password() or ports.ways(user):
        return None
    bound = SocialAccount.objects.filter(user=user).exists()
    if bound or not EmailAddress.objects.filter(user=user, email__iexact=identity.email, verified=True).exists():
        return None
    identities.keep(user, identity, made=True)
    ports.record(user, "bound", detail=identity.provider)
    return user


@transaction.atomic
def apply(user: User, identity: Identity) -> None:
    """Give an account that a provider made the group and the rights that the provider tells of now.

    The last administrator stays one.
    """
    provider = providers.get(identity.provider)
    if not identities.made_by(user, provider.id) or not (provider.group_claim or provider.staff_claim):
        return
    before = administrators.rights(user)
    if provider.staff_claim:
        _set_staff(user, staff=identity.staff)
    if provider.group_claim:
        user.group = _group(identity.groups)
        user.save(update_fields=["group"])
    changed = administrators.difference(before, administrators.rights(user))
    if changed:
        version.bump()
        ports.record(user, "rights-changed", detail=f"{provider.name}: {changed}")


def _set_staff(user: User, *, staff: bool) -> None:
    if (user.is_staff, user.is_superuser) == (staff, staff):
        return
    if not staff:
        try:
            services.keep_an_administrator(user)
        except services.LastAdministrator:
            return
    user.is_staff = user.is_superuser = staff
    user.save(update_fields=["is_staff", "is_superuser"])
    ports.end_sessions(user, None)  # those of administrators are shorter


def _group(names: tuple[str, ...]) -> Group:
    """Return the first of these groups that there is, else the default one."""
    found = {group.name: group for group in Group.objects.filter(name__in=names)}
    return next((found[name] for name in names if name in found), None) or services.default_group()
