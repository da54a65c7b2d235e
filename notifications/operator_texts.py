"""What administrators read about the installation, and what owners read about their keys."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from common import money
from notifications.text import Data, Text

LONGEST = 100  # characters of a name in a sentence


def key_limit(data: Data) -> Text:
    """Tell that a key of the account has used up its limit."""
    limit = data["limit"]
    if not isinstance(limit, int):
        raise TypeError("limit is an amount in nano-USD")
    named = {"key": _name(data["key"]), "limit": money.usd(limit)}
    return Text(
        _("Your API key %(key)s has reached its limit") % named,
        (
            _("The key %(key)s may spend %(limit)s, and the next call does not fit any more.") % named,
            _("Its calls are refused with 402 until the limit is raised or its next period begins."),
        ),
        "keys",
        _("API keys"),
    )


def channel_refused(data: Data) -> Text:
    """Tell that an upstream no longer takes a key."""
    named = _of_channel(data)
    return Text(
        _("Channel %(channel)s: a key is refused") % named,
        (
            _("The upstream of channel %(channel)s answered HTTP %(status)s to the key that ends in %(key)s.") % named,
            _("The key is not used any more until it is replaced, or until `channel test` finds that it works."),
        ),
        "admin:gateway_channel_changelist",
        _("Channels"),
    )


def channel_rested(data: Data) -> Text:
    """Tell that a key rests for a while."""
    named = _of_channel(data)
    return Text(
        _("Channel %(channel)s: a key rests") % named,
        (
            _("The upstream of channel %(channel)s answered HTTP %(status)s to the key that ends in %(key)s.") % named,
            _("The key rests for some minutes and is then tried again by itself. Its account may be used up."),
        ),
        "admin:gateway_channel_changelist",
        _("Channels"),
    )


def channel_recovered(data: Data) -> Text:
    """Tell that a key works again."""
    named = _of_channel(data)
    return Text(
        _("Channel %(channel)s: a key works again") % named,
        (_("The upstream of channel %(channel)s takes the key that ends in %(key)s again.") % named,),
        "admin:gateway_channel_changelist",
        _("Channels"),
    )


def model_unserved(data: Data) -> Text:
    """Tell that somebody asks for what cannot be had."""
    named = {"model": _name(data["model"]) or _("(unknown here; see the call log)"), "count": data["count"]}
    if data["priced"]:
        said = _("Somebody asked for the model %(model)s, which no channel serves to them.")
    else:
        said = _("Somebody asked for the model %(model)s, which has no price; they do not accept that.")
    return Text(
        _("Asked for in vain: %(model)s") % named,
        (
            said % named,
            _("Refused calls in the last minutes: %(count)s. You are told once a day for each model.") % named,
        ),
        "admin:gateway_channel_changelist" if data["priced"] else "admin:pricing_price_changelist",
        _("Channels") if data["priced"] else _("Prices"),
    )


def outbox_stuck(data: Data) -> Text:
    """Tell that messages wait for too long."""
    return Text(
        _("Messages of Tollgate do not leave"),
        (
            _("%(count)s messages wait for longer than they should.") % {"count": data["count"]},
            _("Look at the mail server, and whether `manage.py worker` runs often enough."),
        ),
        "admin:notifications_delivery_changelist",
        _("Deliveries"),
    )


def wallet_mismatch(data: Data) -> Text:
    """Tell that books disagree."""
    return Text(
        _("A ledger of Tollgate does not add up"),
        (
            _("Books that disagree: %(count)s. The first one: %(first)s") % data,
            _("`manage.py wallet verify` lists all of them. Nothing was changed."),
        ),
        "admin:wallet_wallet_changelist",
        _("Wallets"),
    )


def _of_channel(data: Data) -> dict[str, object]:
    return {"channel": _name(data["channel"]), "key": data["key"], "status": data.get("status", "")}


def _name(text: object) -> str:
    """Return a name that others chose, in one line and not too long."""
    return " ".join(str(text).split())[:LONGEST]


OPERATOR_TEXTS: dict[str, Callable[[Data], Text]] = {
    "key.limit": key_limit,
    "channel.refused": channel_refused,
    "channel.rested": channel_rested,
    "channel.recovered": channel_recovered,
    "model.unserved": model_unserved,
    "outbox.stuck": outbox_stuck,
    "wallet.mismatch": wallet_mismatch,
}
