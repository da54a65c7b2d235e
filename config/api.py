"""/api: one router for each part of the account, behind one door. Access tokens only; cookies are not read."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router, Schema

from accounts import api as accounts
from config import api_docs
from config.api_door import StrictParser, door, furnish, unknown
from gateway import api as gateway
from notifications import api as notifications
from pricing import api as pricing
from privacy import api as privacy
from security.bearer import AccessTokenAuth, Scope
from sidebar import api as sidebar
from usage import api as usage
from wallet import api as wallet


class Version(Schema):
    """Which Tollgate answers."""

    version: str


version_router = Router(tags=["Version"])


@version_router.get("", response=Version, summary="Version")
def version(request: HttpRequest) -> Version:  # noqa: ARG001 (ninja passes it)
    """Return the version of this installation."""
    return Version(version=settings.VERSION)


api = NinjaAPI(
    title="Tollgate",
    version="1",
    description="Your account for programs: keys, usage, money.",
    docs_url=None,
    openapi_url=None,
    parser=StrictParser(),
    servers=[{"url": settings.BASE_URL}],
)
furnish(api)
token = AccessTokenAuth()
api.add_router("/account", accounts.router, auth=token)
api.add_router("/keys", gateway.router, auth=AccessTokenAuth(reads=(Scope.READ, Scope.KEYS), writes=(Scope.KEYS,)))
api.add_router("/models", gateway.models_router, auth=token)
api.add_router("/settings/notifications", notifications.router, auth=token)
api.add_router("/deliveries", notifications.deliveries_router, auth=token)
api.add_router("/settings/privacy", privacy.router, auth=token)
api.add_router("/settings/pricing", pricing.router, auth=token)
api.add_router("/settings/sidebar", sidebar.router, auth=token)
api.add_router("/usage", usage.router, auth=token)
api.add_router("/wallet", wallet.router, auth=token)
api.add_router("/version", version_router, auth=token)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """Describe every call (OpenAPI 3.1)."""
    return JsonResponse(api_docs.Document(api))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the same to people."""
    return api_docs.page(request, api_docs.Document(api))


def _routes() -> list[URLPattern]:
    """Return every call, behind the door."""
    patterns = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    for pattern in patterns:
        pattern.callback = door(pattern.callback)
        pattern.name = f"api_{pattern.name}"  # pages have the plain names
    return patterns


urlpatterns = [
    path("openapi.json", door(openapi), name="openapi"),
    path("docs", door(docs), name="api_docs"),
    *_routes(),
    re_path(r"", door(unknown)),
]
