"""System access tokens: what a program presents under /api."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class AccessToken(models.Model):
    """A token of an account, shown once and kept as a digest."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"
        KEYS = "keys"  # may make and change API keys

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=10, editable=False)
    suffix = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_token_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def hint(self) -> str:
        """Return what its owner knows the token by."""
        return f"{self.prefix}…{self.suffix}"
