"""Who else may vouch for a person: GitHub and OpenID Connect providers, of the environment and of admin."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import Issuer
from accounts.models import Provider as Row

GITHUB = "github"


class Unknown(LookupError):
    """No provider that is switched on has this id, at this issuer."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as it is set up; `url` is the issuer, of GitHub the address of its site.

    The rest are the operator's rules (accounts.provider_rules); only the environment has them.
    """

    id: str
    name: str
    url: str
    client_id: str
    client_secret: str
    only: bool = False  # the accounts that it made have no other way in
    passkeys: bool = False  # but for passkeys
    premade: bool = False  # an account made for an address, never used, is whose it says has that address
    domains: tuple[str, ...] = ()  # it brings only people with a verified address of these
    group_claim: str = ""
    staff_claim: str = ""
    staff_value: str = ""
    mfa: tuple[str, ...] = ()  # values of amr or acr that stand for the second factor of a sign-in

    @property
    def is_github(self) -> bool:
        """Return whether it speaks GitHub's OAuth instead of OpenID Connect."""
        return self.id == GITHUB

    @property
    def callback(self) -> str:
        """Return where it sends people back to."""
        return f"{settings.BASE_URL}/accounts/providers/{self.id}/callback/"


def issuer(provider_id: str) -> str | None:
    """Return the issuer that an id belongs to, None before the first account is bound under it."""
    return Issuer.objects.filter(slug=provider_id).values_list("url", flat=True).first()


def move(provider_id: str, url: str) -> None:
    """Let an id, and the accounts that are bound under it, belong to another issuer: it has the same people."""
    Issuer.objects.filter(slug=provider_id).update(url=url)


def set_up() -> list[Provider]:
    """Return every provider that is set up and switched on, whoever its id belongs to."""
    found = {listed["id"]: Provider(**listed) for listed in settings.PROVIDERS}
    for row in Row.objects.filter(enabled=True).order_by("name"):
        # the environment has the last word on an id
        found.setdefault(row.slug, Provider(row.slug, row.name, row.issuer, row.client_id, row.client_secret))
    return list(found.values())


def enabled() -> list[Provider]:
    """Return the providers that are switched on: GitHub, then the environment's, then those of admin, by name.

    One whose id belongs to another issuer is left out: that issuer's people would be taken for those of the old one.
    """
    moved = {provider.id for provider in displaced()}
    return [provider for provider in set_up() if provider.id not in moved]


def displaced() -> list[Provider]:
    """Return the providers whose id accounts are bound to at another issuer."""
    issuers = dict(Issuer.objects.values_list("slug", "url"))
    return [provider for provider in set_up() if issuers.get(provider.id, provider.url) != provider.url]


def any_strict() -> bool:
    """Return whether any provider is the only way into the accounts that it made, without asking the database."""
    return any(listed.get("only") for listed in settings.PROVIDERS)


def get(provider_id: str) -> Provider:
    """Return a provider that is switched on. Raises Unknown."""
    found = next((provider for provider in enabled() if provider.id == provider_id), None)
    if found is None:
        raise Unknown(provider_id)
    return found


def settle(provider_id: str, issuer: str) -> None:
    """Let an id belong to an issuer from now on, before an account is bound to it.

    Raises Unknown if it belongs to another one.
    """
    if Issuer.objects.get_or_create(slug=provider_id, defaults={"url": issuer})[0].url != issuer:
        raise Unknown(provider_id)
