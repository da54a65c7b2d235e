"""The table of contents: every page of the site. /v1, /healthz and /readyz are in gateway/urls.py."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("console.urls")),
    path("", include("gateway.pages")),
    path("", include("usage.urls")),
    path("", include("wallet.urls")),
    path("", include("accounts.urls")),
    path("", include("sidebar.urls")),
    path("settings/notifications/", include("notifications.urls")),
    path("settings/pricing/", include("pricing.urls")),
    path("", include("security.urls")),
    path("api/", include("config.api")),
    path("admin/", admin.site.urls),
]
handler404 = "console.errors.not_found"
handler500 = "console.errors.server_error"
handler403 = "console.errors.forbidden"
handler400 = "console.errors.bad_request"
