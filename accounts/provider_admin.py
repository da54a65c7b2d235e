"""Identity providers in admin. A secret goes in and never comes out; an id stays with its issuer for good."""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import providers
from accounts.models import Provider
from common import outbound
from common.secret_field import SecretField


class ProviderForm(forms.ModelForm[Provider]):
    """A provider as an administrator sets it down."""

    issuer = forms.URLField(label=_("issuer"), max_length=300, assume_scheme="https")
    secret = SecretField(label=_("client secret"), strip=False)

    class Meta:
        model = Provider
        fields = ("slug", "name", "client_id", "enabled")  # admin adds the issuer, unless it stands for good

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in {providers.GITHUB, *(listed["id"] for listed in settings.PROVIDERS)}:
            raise forms.ValidationError(_("The environment has a provider of this id."), code="taken")
        return slug

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"]
        try:
            outbound.check_url(issuer)
            outbound.check_reach(issuer)
        except (outbound.UrlRefused, outbound.AddressRefused) as error:
            raise forms.ValidationError(str(error), code="unreachable") from error
        return issuer

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("secret"):
            self.instance.client_secret = data["secret"]
        elif not self.instance.client_secret:
            self.add_error("secret", _("The provider gives you one with the client id."))
        return data


@admin.register(Provider)
class ProviderAdmin(admin.ModelAdmin[Provider]):
    """Providers that the environment does not name."""

    form = ProviderForm
    list_display = ("name", "slug", "issuer", "enabled")
    ordering = ("name",)
    fields = ("slug", "name", "issuer", "callback", "client_id", "secret", "enabled")

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> tuple[str, ...]:
        """Keep id and issuer together: another issuer under the id could sign in as whoever is bound to it."""
        return ("slug", "issuer", "callback") if obj else ("callback",)

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        """Keep a provider that accounts are bound to; it can be switched off."""
        used = obj is not None and SocialAccount.objects.filter(provider=obj.slug).exists()
        return super().has_delete_permission(request, obj) and not used

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no deletion of many at once: it would ask nobody whether they are used."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.display(description=_("callback to register there"))
    def callback(self, obj: Provider) -> str:
        """Return the address that the provider must know."""
        slug = obj.slug or "<id>"
        return format_html("<code>{}/accounts/providers/{}/callback/</code>", settings.BASE_URL, slug)
