"""Groups, invitations and the sign-up policy in admin. Accounts are there with what security does to them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group as PermissionGroup
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import invites, policy, provider_admin, services
from accounts.models import Group, Invite, SignupPolicy, User
from common import money, version
from common.admin import PolicyAdmin

__all__ = ["provider_admin"]  # registers itself

# two kinds of groups would be one too many; an app's secret would be shown, and an address could be verified by a click
for model in (PermissionGroup, EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin[Group]):
    """What accounts pay and may call; a change reaches every worker within a second."""

    list_display = ("name", "is_default", "multiplier_ppm", "rpm", "tpm", "parallel", "streams", "max_keys")
    search_fields = ("name",)
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Group, form: forms.ModelForm[Group], change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        version.bump()

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Keep the group that new accounts are given."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)


class SignupPolicyForm(forms.ModelForm[SignupPolicy]):
    """The policy, with the credit in dollars."""

    credit_usd = forms.DecimalField(
        label=_("credit of a new account, in USD"), required=False, min_value=0, max_value=1_000_000, decimal_places=9
    )

    class Meta:
        model = SignupPolicy
        fields = ("mode", "domains")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.credit is not None:
            self.initial["credit_usd"] = money.to_decimal(self.instance.credit)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        usd = data.get("credit_usd")
        self.instance.credit = None if usd is None else money.from_usd(usd)
        problem = policy.problem(data.get("mode", ""), data.get("domains", ""))
        if problem:
            self.add_error("mode", problem)
        return data


@admin.register(SignupPolicy)
class SignupPolicyAdmin(PolicyAdmin):
    """Who may sign up; an empty field means what the environment says."""

    form = SignupPolicyForm


class InviteForm(forms.ModelForm[Invite]):
    """Whom to invite, with the credit in dollars."""

    credit_usd = forms.DecimalField(
        label=_("credit, in USD"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        decimal_places=9,
        help_text=_("In addition to the credit of every new account."),
    )
    days = forms.IntegerField(label=_("works for (days)"), initial=invites.LIFETIME.days, min_value=1, max_value=365)

    class Meta:
        model = Invite
        fields = ("email", "group")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("group", services.default_group())

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("This address has an account already."), code="taken")
        return email


@admin.register(Invite)
class InviteAdmin(admin.ModelAdmin[Invite]):
    """Invitations: made, looked at, withdrawn. The link is in the mail and nowhere else."""

    form = InviteForm
    list_display = ("email", "group", "credit_usd", "invited_by", "created_at", "expires_at", "used_at")
    list_select_related = ("group",)
    search_fields = ("email",)
    ordering = ("-created_at",)
    actions = ("withdraw",)

    @admin.display(description=_("credit"), ordering="credit")
    def credit_usd(self, invite: Invite) -> str:
        return money.usd(invite.credit)

    def get_fields(self, request: HttpRequest, obj: Invite | None = None) -> tuple[str, ...]:
        return self.list_display if obj else ("email", "group", "credit_usd", "days")

    def get_readonly_fields(self, request: HttpRequest, obj: Invite | None = None) -> tuple[str, ...]:
        return self.list_display if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        """Keep what was sent as it was sent."""
        return False

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Let those withdraw who may delete."""
        return self.has_delete_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer to withdraw in place of deleting."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Invite, form: InviteForm, change: bool) -> None:  # noqa: FBT001
        """Mail the invitation."""
        given = form.cleaned_data
        credit: Decimal | None = given["credit_usd"]
        made = invites.invite(
            obj.email,
            group=obj.group,
            credit=money.from_usd(credit or Decimal(0)),
            expires=timezone.now() + timedelta(days=given["days"]),
            by=request.user.get_username(),
        )
        obj.pk = made.pk

    @admin.action(description=_("Withdraw the invitation"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invite]) -> None:
        """End the chosen invitations that nobody has used."""
        count = sum(invites.withdraw(invite) for invite in queryset)
        text = ngettext("%(count)d invitation is withdrawn.", "%(count)d invitations are withdrawn.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
