"""The ways out: one module a kind of method, found by its name."""

from collections.abc import Mapping

from notifications.transports import bark, email, gotify, webhook
from notifications.transports.base import Transport

TRANSPORTS: Mapping[str, Transport] = {"email": email, "webhook": webhook, "bark": bark, "gotify": gotify}
