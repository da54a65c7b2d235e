"""Django admin behind a second factor and a fresh proof: an administrator's session alone opens nothing."""

from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from accounts import http
from security import factors, gate, sudo
from security.views import SignOut

sign_out = SignOut.as_view()


class TollgateAdminSite(AdminSite):
    """Open to staff with a second factor who proved who they are within ten minutes. It has no sign-in of its own."""

    site_header = site_title = "Tollgate"
    site_url = "/overview/"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what a banner tells."""
        return {**super().each_context(request), "mail_to_files": not settings.EMAIL_URL}

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and factors.verified(request) and sudo.recent(request)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to our sign-in, to a second factor or our step-up, and back.

        Raises PermissionDenied for people who are no staff.
        """
        page = http.safe_path(request.GET.get("next", "")) or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(page, reverse("account_login"))
        if not super().has_permission(request):
            raise PermissionDenied
        if factors.verified(request) and sudo.recent(request):
            return redirect(page)
        return cast(HttpResponse, gate.second_factor_first(request, page))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Sign out as every page does."""
        return cast(HttpResponse, sign_out(request))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Send to our own page for it."""
        return redirect("account_change_password")
