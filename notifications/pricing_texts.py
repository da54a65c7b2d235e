"""What a person reads when their price safeguard was changed: what it was, what it is, and who did it."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from common import money
from notifications.text import Data, Text


def accept_unpriced(data: Data) -> Text:
    """Tell what changed of the price safeguard; `before` and `after` hold accepted_models and monthly_cap too."""
    accepted = data["accept_unpriced"]
    before, after = _facts(data.get("before")), _facts(data.get("after"))
    if before.get("accept_unpriced") == after.get("accept_unpriced", not accepted):
        subject = _("Your price safeguard was changed")
        first = _("What your account accepts of models without a price has changed.")
    elif accepted:
        subject = _("Models without a price can now be called")
        first = _(
            "Your account now accepts models without a price: they cost what their provider says, or a fallback price."
        )
    else:
        subject = _("Models without a price are now refused")
        first = _("Your account no longer accepts models without a price: calls to them are refused and cost nothing.")
    by = [_("Changed by the access token %(name)s.") % {"name": data["by"]}] if data.get("by") else []
    last = _("If this was not you, change it back and your password too.")
    return Text(subject, (first, *_changes(before, after), *by, last), "settings_pricing", _("Pricing"))


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return a sentence for each field that changed."""
    was, now = _words(before), _words(after)
    return [
        _("%(name)s: %(before)s before, %(after)s now.") % {"name": name, "before": was[name], "after": now[name]}
        for name in now
        if name in was and was[name] != now[name]
    ]


def _words(choice: Mapping[str, object]) -> dict[str, str]:
    if not choice:
        return {}
    models, cap = choice.get("accepted_models"), choice.get("monthly_cap")
    return {
        _("Accept models without a price"): _("on") if choice.get("accept_unpriced") else _("off"),
        _("Which models"): ", ".join(map(str, models)) if isinstance(models, list | tuple) and models else _("all"),
        _("Monthly cap"): money.amount(cap) if isinstance(cap, int) else _("none"),
    }


def _facts(choice: object) -> Mapping[str, object]:
    return choice if isinstance(choice, Mapping) else {}
