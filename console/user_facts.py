"""An account in facts, for the command line: numbers, names and times, no secret."""

from collections.abc import Iterator, Mapping

from allauth.socialaccount.models import SocialAccount

from accounts import groups
from accounts.models import User
from common import money
from console.user_import import Plan
from security import facts as credentials
from wallet import ledger

Facts = dict[str, object]


def brief(user: User) -> Facts:
    """Return who an account is and what it has."""
    balance = ledger.balance(user.pk)
    return {
        "id": user.pk,
        "username": user.username,
        "email": user.email,
        "group": user.group.name,
        "active": user.is_active,
        "staff": user.is_staff,
        "balance_usd": money.plain(balance.free),
        "held_usd": money.plain(balance.held),
        "created_at": user.date_joined.isoformat(),
        "last_sign_in_at": user.last_login and user.last_login.isoformat(),
    }


def line(user: User) -> str:
    """Return an account in a list, for a person."""
    marks = [word for word, holds in (("staff", user.is_staff), ("disabled", not user.is_active)) if holds]
    return "  ".join([user.username, user.email, str(user.group), *marks])


def whole(user: User) -> Facts:
    """Return all that an operator may see of an account."""
    balance = ledger.balance(user.pk)
    return {
        **brief(user),
        "superuser": user.is_superuser,
        "permissions": sorted(user.get_user_permissions()),
        "language": user.language,
        "timezone": user.timezone,
        "total_usd": money.plain(balance.total),
        "owed_usd": money.plain(balance.owed),
        "credit_limit_usd": money.plain(balance.credit_limit),
        "policy": groups.policy(user.group),
        "api_keys": user.api_keys.count(),
        "password": user.has_usable_password(),
        "providers": sorted(SocialAccount.objects.filter(user=user).values_list("provider", flat=True)),
        **credentials.describe(user),
    }


def lines(facts: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield facts for a person, a line each; what belongs together stands below its name."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from lines(value, f"{indent}  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{indent}{key}: {len(value)}"
            for item in value:
                yield f"{indent}  " + ", ".join(f"{name} {_word(part)}" for name, part in item.items())
        else:
            yield f"{indent}{key}: {_word(value)}"


def of_plan(plan: Plan) -> Facts:
    """Return what becomes of a file of accounts."""
    return {
        "created": len(plan.new),
        "existing": len(plan.existing),
        "credit_usd": money.plain(plan.credit),
        "errors": [{"line": fault.line, "column": fault.column, "error": fault.text} for fault in plan.faults],
    }


def sentence(facts: Mapping[str, object]) -> str:
    """Return what became of a file, or would become of it."""
    begin = "Would make" if facts["dry_run"] else "Made"
    return (
        f"{begin} {facts['created']} accounts with {facts['credit_usd']} USD in all, and mail {facts['mailed']} links;"
        f" {facts['existing']} exist already and stay as they are."
    )


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if not isinstance(value, bool | None) else {None: "none", True: "yes", False: "no"}[value]
