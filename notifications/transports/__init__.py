"""The ways out: one module a kind of method, found by its name. Mail is queued as whole letters (email.pack)."""

from collections.abc import Mapping

from notifications.transports import bark, gotify, webhook
from notifications.transports.base import Transport

TRANSPORTS: Mapping[str, Transport] = {"webhook": webhook, "bark": bark, "gotify": gotify}
