"""The rules of a commit on rows held in memory: the twin, for SQLite, of the loops in commit_0001.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.commit.orders import Hold, Limit, Refused, Reserve

LEAST_BOUND = 256  # output tokens: below that an answer is not worth its prompt
PER_MILLION = 1_000_000
OPEN = {"parallel", "streams"}  # budgets that count what is open: a call gives its one back when it ends
UNPRICED = {"upstream", "fallback"}  # the sources of a price that a cap counts

BudgetKey = tuple[int, str, int, int]  # wallet, kind, owner, period_start


def price(rate: int, tokens: int) -> int:
    """Return nano-USD for `tokens` at `rate` nano-USD per million, rounded up."""
    return -(-rate * tokens // PER_MILLION)


@dataclass(slots=True)
class Wallet:
    """A locked wallet row; all amounts in nano-USD."""

    id: int
    balance: int
    credit_limit: int
    held: int
    owed: int
    found: int = field(init=False)  # the total before this commit
    settled: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.found = self.total

    @property
    def total(self) -> int:
        """Return free + held."""
        return self.balance + self.held

    @property
    def room(self) -> int:
        """Return what a new hold may take: nothing while a shortfall is owed."""
        return 0 if self.owed else max(self.balance + self.credit_limit, 0)

    def settle(self, amount: int, charge: int) -> int:
        """Return what was paid of `charge`: the hold of `amount`, then the free balance down to the floor."""
        if charge < 0:
            raise ValueError("negative charge")
        paid = min(charge, amount + self.balance + self.credit_limit)
        self.balance += amount - paid
        self.held -= amount
        self.owed += charge - paid
        self.settled = True
        return paid


@dataclass(slots=True)
class Budget:
    """A budget row, protected by its wallet's lock: nano-USD, calls or tokens, as its kind counts."""

    id: int
    kind: str
    limit: int
    spent: int
    held: int

    @property
    def counts_money(self) -> bool:
        """Return whether the amounts are nano-USD."""
        return self.kind not in {"rpm", "tpm", *OPEN}

    @property
    def room(self) -> int:
        """Return what a new hold may take."""
        return max(self.limit - self.spent - self.held, 0)

    def asked(self, *, amount: int, tokens: int) -> int:
        """Return what a hold of `amount` nano-USD and `tokens` takes of this budget."""
        return amount if self.counts_money else tokens if self.kind == "tpm" else 1

    def hold(self, asked: int) -> None:
        """Take `asked` until the hold is settled; a call counts in its minute for good."""
        if self.kind == "rpm":
            self.spent += asked
        else:
            self.held += asked

    def settle(self, asked: int, *, paid: int, used: int, source: str = "price") -> None:
        """Give back what was `asked`, and count what was `paid` in nano-USD, or `used` in tokens.

        A cap counts what had no price: a call may have been answered by a channel that has one.
        """
        if self.kind == "rpm":
            return
        self.held -= asked
        if self.kind not in OPEN and (self.kind != "cap" or source in UNPRICED):
            self.spent += paid if self.counts_money else used


def pick_bound(order: Reserve, *, free: int, tight: int, default_bound: int) -> int:
    """Return the output tokens to hold for, `tight` being the least room of wallet and money budgets.

    A client's own maximum is never shrunk. Without one: the model's limit if that hold is at most a tenth of `free`,
    else the default, else what can be paid, at least 256.
    """
    if order.client_max is not None:
        return min(order.client_max, order.model_limit)
    whole = order.prompt_cost + price(order.output_rate, order.model_limit)
    if order.output_rate == 0 or (whole * 10 <= free and whole <= tight):
        return order.model_limit
    bound = min(default_bound, order.model_limit)
    if order.prompt_cost + price(order.output_rate, bound) <= tight:
        return bound
    payable = (tight - order.prompt_cost) * PER_MILLION // order.output_rate
    return max(payable, min(LEAST_BOUND, order.model_limit))


def key_of(order: Reserve, limit: Limit) -> BudgetKey:
    """Return the natural key of the budget that a limit counts in."""
    return order.wallet, limit.kind, limit.owner, limit.period_start


def reserve(
    order: Reserve, wallet: Wallet | None, budgets: Mapping[BudgetKey, Budget], *, default_bound: int
) -> Hold | Refused:
    """Return the hold, taken from wallet and budgets, or why not. Without a wallet the account is gone: it is empty."""
    free, held, room = (wallet.balance, wallet.held, wallet.room) if wallet else (0, 0, 0)
    asked = _limited(order, budgets) if wallet else []
    tight = min([room, *(budget.room for _, budget in asked if budget.counts_money)])
    bound = pick_bound(order, free=free, tight=tight, default_bound=default_bound)
    needed = order.prompt_cost + price(order.output_rate, bound)
    if wallet is None or needed > room:
        return Refused(needed, free, held)
    tokens = order.prompt_tokens + bound
    for limit, budget in asked:
        if budget.asked(amount=needed, tokens=tokens) > budget.room:
            return Refused(needed, free, held, limit)
    wallet.balance -= needed
    wallet.held += needed
    for _, budget in asked:
        budget.hold(budget.asked(amount=needed, tokens=tokens))
    return Hold(order.id, order.wallet, needed, bound)


def _limited(order: Reserve, budgets: Mapping[BudgetKey, Budget]) -> Sequence[tuple[Limit, Budget]]:
    """Return each limit with its budget, which takes over the limit's amount: it may have changed since."""
    pairs = [(limit, budgets[key_of(order, limit)]) for limit in order.limits]
    for limit, budget in pairs:
        budget.limit = limit.amount
    return pairs
