"""Accounts and all that hangs on them; one noun a file."""

from accounts.models.dismissal import Dismissal
from accounts.models.group import PARTS_PER_MILLION, Group
from accounts.models.job import Job
from accounts.models.limit import Limit
from accounts.models.provider import Issuer, Provider
from accounts.models.signup import Invite, NameHold, SetupLink, SignupPolicy, StartCredit
from accounts.models.user import User, UserSettings, new_handle

__all__ = [
    "PARTS_PER_MILLION",
    "Dismissal",
    "Group",
    "Invite",
    "Issuer",
    "Job",
    "Limit",
    "NameHold",
    "Provider",
    "SetupLink",
    "SignupPolicy",
    "StartCredit",
    "User",
    "UserSettings",
    "new_handle",
]
