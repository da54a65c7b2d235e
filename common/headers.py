"""What every answer carries, whoever writes it: the pages, the gate, or a refusal at the door."""

from functools import cache

from django.conf import settings

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"  # what no page uses
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"  # for what is no page


@cache
def guards() -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of an answer that never passes Django's middleware, as ASGI writes them."""
    fixed = {
        "content-security-policy": NOTHING,
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "permissions-policy": PERMISSIONS,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "x-content-type-options": "nosniff",
    }
    if settings.HTTPS:
        fixed["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return tuple((name.encode(), value.encode()) for name, value in fixed.items())
