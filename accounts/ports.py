"""What a room may ask of one that it cannot import; the room that knows fills it in AppConfig.ready."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Unfilled(RuntimeError):
    """No room carries this verb; a system check says so before it comes to this."""


class Kept(NamedTuple):
    """How long rows are kept: calls; errors and deliveries; and the id of the call log below which some are gone."""

    calls: timedelta
    errors: timedelta
    whole_from: int


class Port(Generic[Arguments, Result]):
    """A verb by name, carried by a room above or beside."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._verb: Callable[Arguments, Result] | None = None

    @property
    def filled(self) -> bool:
        """Return whether a room carries the verb."""
        return self._verb is not None

    def fill(self, verb: Callable[Arguments, Result]) -> None:
        """Let `verb` carry it."""
        self._verb = verb

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if self._verb is None:
            raise Unfilled(self.name)
        return self._verb(*args, **kwargs)


class Used(Protocol):
    """What is spent and held of a budget, in nano-USD."""

    @property
    def spent(self) -> int:
        """Return what was paid."""
        ...

    @property
    def held(self) -> int:
        """Return what calls in flight hold."""
        ...


class Standing(Protocol):
    """What an account has, in nano-USD, and how long that lasts, in words."""

    @property
    def total(self) -> int:
        """Return what quota warnings look at."""
        ...

    @property
    def runway(self) -> str:
        """Return how long it lasts at the latest pace; empty without one."""
        ...


# tell the owner of an account what happened to it, in the transaction of what happened: (user, kind, data)
announce: Port[[User, str, Mapping[str, object]], None] = Port("announce")
# write down what happened to an account's credentials, and tell its owner: see security.events.record
record: Port[..., object] = Port("record")
# somebody signed in (request, user, first=whether never before), failed to (request, user or None), signs out (request)
signed_in: Port[..., None] = Port("signed_in")
sign_in_failed: Port[[HttpRequest, User | None], None] = Port("sign_in_failed")
signed_out: Port[[HttpRequest], None] = Port("signed_out")
# the device (anything with a pk) as which an account knows this browser, None if it does not: (request, user id)
known_device: Port[[HttpRequest, int], Model | None] = Port("known_device")
# end the sign-in sessions of an account, but for the one with this key: (user, session key or None) -> how many
end_sessions: Port[[User, str | None], int] = Port("end_sessions")
# how many ways lead into an account, whose row is locked by that: (user)
ways: Port[[User], int] = Port("ways")
# give a new account its wallet, and once per reference a credit in nano-USD: (user, credit, reference=None)
opened: Port[..., None] = Port("opened")
# the answer that asks for the password again and comes back to a page, None if it was given within ten minutes:
# (request, path of that page = this one)
step_up: Port[..., HttpResponseBase | None] = Port("step_up")
# drop what the rooms hold of an account beyond the rows that hang on it, in the transaction of its deletion: (user)
forget: Port[[User], None] = Port("forget")
# the models without a price that an account called lately: (user) -> usage.reports.Unpriced, last called first
unpriced_lately: Port[[User], Sequence[object]] = Port("unpriced_lately")
# how long rows are kept, by the operator's word
kept: Port[[], Kept] = Port("kept")
# whether a channel open to the account offers what is paid by a unit of prices ("per_image", "per_second")
offered: Port[[User, str], bool] = Port("offered")
# the models that an account may call and that have no price, by name: (user)
unpriced_models: Port[[User], Sequence[str]] = Port("unpriced_models")
# what models without a price cost an account in the month of a moment: (user, moment) -> wallet.budgets.Used
unpriced_spend: Port[[User, datetime], "Used"] = Port("unpriced_spend")
# the total of an account's wallet in nano-USD, whose row is locked by that: (user id)
total_locked: Port[[int], int] = Port("total_locked")
# the items of the check-up that the Security page does not know: (user, moment) -> console.checkup.Item
checks: Port[[User, datetime], Sequence[object]] = Port("checks")
# what an account has and how long that lasts: (user)
standing: Port[[User], Standing] = Port("standing")

PORTS = (
    announce,
    record,
    end_sessions,
    forget,
    ways,
    opened,
    step_up,
    unpriced_lately,
    kept,
    offered,
    unpriced_models,
    unpriced_spend,
    total_locked,
    standing,
    checks,
    signed_in,
    sign_in_failed,
    signed_out,
    known_device,
)


View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def sudo_required(view: View[Arguments]) -> View[Arguments]:
    """Let `view` answer only who has just given a password; ask everyone else for it first."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
        return step_up(request) or view(request, *args, **kwargs)

    return guarded
