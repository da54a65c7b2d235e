"""Credentials, sessions and what happened to them; one noun a file."""

from security.models.device import Device
from security.models.event import Event
from security.models.flow import Flow
from security.models.link import SignInLink
from security.models.passkey import Challenge, Passkey
from security.models.policy import SecurityPolicy
from security.models.session import Session
from security.models.token import AccessToken
from security.models.totp import RecoveryCode, RecoveryCodeDevice, TOTPDevice

__all__ = [
    "AccessToken",
    "Challenge",
    "Device",
    "Event",
    "Flow",
    "Passkey",
    "RecoveryCode",
    "RecoveryCodeDevice",
    "SecurityPolicy",
    "Session",
    "SignInLink",
    "TOTPDevice",
]
