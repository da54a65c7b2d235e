"""What of the sidebar an account sees: the operator turns modules off, its owner hides areas and modules."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.forms.models import model_to_dict

from accounts import ports
from accounts.models import User
from sidebar.models import SidebarPolicy, SidebarSettings
from sidebar.modules import AREAS, MODULES, NAMES, SETTINGS, Area, Module


class UnknownName(ValueError):
    """Neither an area nor a module; `args[0]` is the name."""


class NeverHidden(ValueError):
    """The settings stay: they are the way back."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A module as an account has it: `off` by the operator, `hidden` by its owner, `lacks` what no channel offers."""

    module: Module
    area: Area
    off: bool
    hidden: bool
    area_hidden: bool

    @property
    def shown(self) -> bool:
        """Return whether it stands in the sidebar."""
        kept = self.module.key == SETTINGS or not (self.hidden or self.area_hidden)
        return kept and not self.off and not self.module.planned


def off() -> frozenset[str]:
    """Return the modules that the operator has turned off."""
    policy = SidebarPolicy.objects.filter(pk=SidebarPolicy.singleton_instance_id).first()
    if policy is None:
        return frozenset()
    switches = model_to_dict(policy, exclude=["id"])
    return frozenset(name for name, on in switches.items() if not on)


def hidden(user: User) -> frozenset[str]:
    """Return what an account hides, by name; a name that nothing has any more is left out."""
    return NAMES & set(SidebarSettings.of(user).hidden)


def seats(hides: Collection[str], turned_off: Collection[str]) -> Iterator[Seat]:
    """Yield every module in its order."""
    for area in AREAS:
        for module in area.modules:
            yield Seat(module, area, module.key in turned_off, module.key in hides, area.key in hides)


def start(user: User | None) -> Module:
    """Return where an account begins: the first module that it is shown."""
    hides = hidden(user) if user else frozenset[str]()
    return next(seat.module for seat in seats(hides, off()) if seat.shown)


def lacks(user: User, module: Module) -> bool:
    """Return whether no channel offers the account what the module is about."""
    return bool(module.needs) and not ports.offered(user, module.needs)


@transaction.atomic
def hide(user: User, names: Collection[str], *, among: Collection[str] = NAMES) -> None:
    """Hide these areas and modules, and show the others of those it is said `among`; the rest stays as it is.

    Raises UnknownName, NeverHidden.
    """
    unknown = set(names) - NAMES
    if unknown:
        raise UnknownName(min(unknown))
    if SETTINGS in names:
        raise NeverHidden
    owner = User.objects.select_for_update().get(pk=user.pk)  # the row of settings may not be there to be locked
    kept = NAMES & set(SidebarSettings.of(owner).hidden) - set(among)
    chosen = sorted(kept | (set(names) & set(among)))
    SidebarSettings.objects.update_or_create(user=owner, defaults={"hidden": chosen})


def offered(turned_off: Collection[str]) -> frozenset[str]:
    """Return what can be hidden now: every area, and the modules that have a page and are not turned off."""
    free = {module.key for module in MODULES if not module.planned and module.key not in {SETTINGS, *turned_off}}
    return frozenset(free | {area.key for area in AREAS})
