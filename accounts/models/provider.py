"""Who else may vouch for a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedTextField


class Provider(models.Model):
    """An OpenID Connect provider that an administrator added; those of the environment have no row."""

    slug = models.SlugField(_("id"), max_length=40, unique=True, help_text=_("Part of the callback's address."))
    name = models.CharField(_("name"), max_length=64)
    issuer = models.URLField(_("issuer"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=200)
    client_secret = EncryptedTextField(_("client secret"))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("OpenID Connect provider")
        verbose_name_plural = _("OpenID Connect providers")

    def __str__(self) -> str:
        return self.name


class Issuer(models.Model):
    """Whose subjects the bindings of a provider's id are: that of the first one, for good."""

    slug = models.CharField(max_length=40, primary_key=True)
    url = models.CharField(max_length=300)
