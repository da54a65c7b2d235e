"""Sign-in sessions: whose each one is."""

import hashlib

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class Session(AbstractBaseSession):
    """A session row that knows its user, so that an account's sessions can be listed, ended and deleted with it.

    `session_key` is the digest of the key that the browser carries.

    `expire_date` is the absolute end, set once; `seen_at` is the last use, a few minutes old at most.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    agent = models.CharField(max_length=100, blank=True)  # "Firefox on Linux"
    device = models.ForeignKey("security.Device", models.SET_NULL, null=True, related_name="sessions")

    class Meta(AbstractBaseSession.Meta):  # type: ignore[name-defined,misc]
        db_table = "security_session"

    @property
    def public_id(self) -> str:
        """Return by what a page names this session."""
        return hashlib.sha256(f"session {self.session_key}".encode()).hexdigest()[:32]
