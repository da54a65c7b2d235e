"""A call as a page shows it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from common import callids, money
from usage import mending
from usage.models import CallLog

PRICED_BY = {
    CallLog.PriceSource.PRICE: _("the price of the model"),
    CallLog.PriceSource.FREE: _("nothing, the model is free"),
    CallLog.PriceSource.UPSTREAM: _("the cost that the upstream reported"),
    CallLog.PriceSource.FALLBACK: _("the fallback price"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The stored call, and what its columns do not say by themselves."""

    call: CallLog
    at: datetime
    request_id: str
    text_id: str
    exact: str  # the charge with every decimal
    words: str
    priced_by: str
    cut_short: bool  # answered and charged, but not to the end
    mend: mending.Mend | None


def row(call: CallLog) -> Row:
    """Return the call as pages show it."""
    return Row(
        call=call,
        at=callids.moment(call.id),
        request_id=callids.request_id(call.id),
        text_id=str(call.id),
        exact=f"${money.plain(call.charge)}",
        words=mending.words(call.code, call.status),
        priced_by=str(PRICED_BY[CallLog.PriceSource(call.price_source)]),
        cut_short=call.kind == CallLog.Kind.OK and call.status != HTTPStatus.OK,
        mend=mending.mend(call.code),
    )
