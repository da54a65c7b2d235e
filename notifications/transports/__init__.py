"""The ways out: one module a method, found by the name of the method."""

from notifications.transports import email
from notifications.transports.base import Transport

TRANSPORTS: dict[str, Transport] = {"email": email.EmailTransport()}
