"""How accounts come to be: the policy, the first-run link."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from solo.models import SingletonModel


class SignupPolicy(SingletonModel):
    """Who may make an account, where the operator says so in admin; an empty field means the environment's value."""

    class Mode(models.TextChoices):
        CLOSED = "closed", _("nobody")
        INVITE = "invite", _("who is invited")
        DOMAIN = "domain", _("who has an e-mail address of these domains")
        OPEN = "open", _("everybody")

    mode = models.CharField(_("who may sign up"), max_length=8, choices=Mode.choices, blank=True)
    domains = models.CharField(_("domains"), max_length=1000, blank=True, help_text=_("Separated by commas."))
    credit = models.BigIntegerField(_("credit of a new account"), null=True, blank=True, help_text="nano-USD")

    class Meta:
        verbose_name = verbose_name_plural = _("sign-up")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class SetupLink(models.Model):
    """The single-use link of the first run: creates the first administrator."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Invite(models.Model):
    """An invitation: single use, sent by mail, kept as a digest."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    group = models.ForeignKey("accounts.Group", models.CASCADE, related_name="invites", verbose_name=_("group"))
    credit = models.BigIntegerField(_("credit"), default=0, help_text="nano-USD")
    invited_by = models.CharField(_("invited by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email


class StartCredit(models.Model):
    """That a start credit was given, remembered by a hash of the e-mail address or provider identity."""

    digest = models.CharField(max_length=64, unique=True)
    given_at = models.DateTimeField(auto_now_add=True)


class NameHold(models.Model):
    """A deleted account's username, kept from others for a while; remembered by its hash."""

    digest = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField()
