"""A link that signs in, for when nothing else does."""

from django.conf import settings
from django.db import models


class SignInLink(models.Model):
    """The newest link of an account, made at the command line; kept as a digest until it is used."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_in_link")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
