"""What bots of chat programs answer: most say 200 even where they took nothing, and a number why.

Numbers that are known become words; the words of the other side are never passed on.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import strictjson
from notifications.transports.base import Answer, TransportFailed

SIGNATURE = gettext_noop("The bot does not accept the signature: enter its secret again.")
KEYWORD = gettext_noop(
    "The bot wants a keyword that the message does not have: change its security settings to a signature."
)
SECURITY = gettext_noop(
    "The security settings of the bot refuse the message: choose a signature there, and enter its secret here."
)
ADDRESS = gettext_noop("The bot accepts certain addresses only: change its security settings to a signature.")
UNKNOWN = gettext_noop("There is no bot at this URL any more: copy its URL again.")
BUSY = gettext_noop("The bot takes no more messages for now. It is tried again.")
# https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot, https://open.dingtalk.com/document/robots/custom-robot-access
KNOWN = {
    "feishu": {19001: UNKNOWN, 19021: SIGNATURE, 19022: ADDRESS, 19024: KEYWORD, 11232: BUSY, 9499: BUSY},
    "dingtalk": {
        **dict.fromkeys((300005, 400013, 400101, 400102, 400106), UNKNOWN),
        **dict.fromkeys((-1, 130101, 410100), BUSY),
        310000: SECURITY,  # signature, keyword and address alike
    },
}
NUMBERS = {"feishu": ("code", "StatusCode"), "dingtalk": ("errcode",)}


def check(kind: str, body: bytes, answer: Answer) -> None:
    """Raise TransportFailed where a bot answered that it took nothing."""
    code = _code(body, NUMBERS.get(kind, ()))
    if not code:
        return
    words = KNOWN[kind].get(code)
    if words is None:
        text = _("The bot did not take the message: error %(code)d of its documentation. It is tried again.")
        raise TransportFailed(text % {"code": code}, answer=answer)
    raise TransportFailed(_(words), permanent=words != BUSY, answer=answer)


def _code(body: bytes, names: tuple[str, ...]) -> int:
    try:
        said = strictjson.parse(body) if names else {}
    except strictjson.Malformed:
        return 0
    fields: Mapping[str, object] = said if isinstance(said, dict) else {}
    return next((code for name in names if isinstance(code := fields.get(name), int)), 0)
