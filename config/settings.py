"""Settings: one file, every deploy-time value read from the environment. README and docs/operations.md explain each."""

from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

from config import providers
from config.secretfile import read_or_make

django_stubs_ext.monkeypatch()
env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env.str("TOLLGATE_DATA", str(BASE_DIR / "var"))).absolute()
DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
VERSION = "0.1.0"

# --- where this installation lives; never taken from a request
BASE_URL = env.str("TOLLGATE_BASE_URL", f"http://localhost:{env.int('PORT', 8000)}").rstrip("/")
HTTPS = BASE_URL.startswith("https://")
_host = urlsplit(BASE_URL).hostname or "localhost"
_local_hosts = ["localhost", "127.0.0.1", "[::1]"] if _host == "localhost" else [_host]
ALLOWED_HOSTS = env.list("TOLLGATE_ALLOWED_HOSTS", _local_hosts)
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# --- secrets
SECRET_KEY = env.str("TOLLGATE_SECRET_KEY", "") or read_or_make(DATA / "secret_key")
FIELD_KEYS = env.list("TOLLGATE_FIELD_KEYS", []) or [read_or_make(DATA / "field_key")]

# --- the gate
API_MIDDLEWARE = [
    "gateway.middleware.Authenticate",  # who calls, with which key, for which model: 401, 404, 403
    "privacy.middleware.ClientAddress",  # the address, or None unless its owner records it
    "pricing.middleware.PriceGate",  # a price for every candidate, or 403
]
BODY_LIMIT = env.int("TOLLGATE_BODY_LIMIT", 32 * 2**20)  # bytes of a /v1 body
BODY_DEADLINE = env.float("TOLLGATE_BODY_DEADLINE", 60.0)  # seconds for a whole body to arrive
PAGE_BODY_LIMIT = 2 * 2**20  # bytes of a form
DEFAULT_BOUND = env.int("TOLLGATE_DEFAULT_BOUND", 16_384)  # output tokens where the client names no maximum
IMAGE_TOKENS = env.int("TOLLGATE_IMAGE_TOKENS", 1_600)  # prompt estimate of one image
KEEP_ALIVE = env.float("TOLLGATE_KEEP_ALIVE", 15.0)  # seconds of silence in a stream before a comment is sent
CORS_ORIGINS = env.list("TOLLGATE_CORS_ORIGINS", ["*"])
TRUSTED_PROXIES = [ip_network(item) for item in env.list("TOLLGATE_TRUSTED_PROXIES", [], subcast=str)]
OUTBOUND_ALLOW = [ip_network(item) for item in env.list("TOLLGATE_OUTBOUND_ALLOW", [], subcast=str)]
BEAT = env.float("TOLLGATE_BEAT", 5.0)  # seconds between two beats of a server process; silent for 4 of them is dead

# --- accounts
SIGNUP = env.str("TOLLGATE_SIGNUP", "closed", validate=lambda mode: mode in {"closed", "invite", "domain", "open"})
SIGNUP_DOMAINS = env.list("TOLLGATE_SIGNUP_DOMAINS", [], subcast=str)
SIGNUP_CREDIT = env.decimal("TOLLGATE_SIGNUP_CREDIT", Decimal(0))  # USD
PROVIDERS = providers.read()
START_CREDIT = env.decimal("TOLLGATE_START_CREDIT", Decimal(10))  # USD for the first administrator

INSTALLED_APPS = [
    "config.apps.TollgateAdminConfig",  # in place of django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "django_otp",  # the core only: its TOTP and static plug-ins keep secrets in clear
    "django_typer",
    "lucide",
    "solo",
    "template_partials",
    "common",
    "accounts",
    "security",
    "notifications",
    "pricing",
    "privacy",
    "sidebar",
    "usage",
    "wallet",
    "gateway",
    "console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",  # HSTS, nosniff, referrer and opener policies
    "csp.middleware.CSPMiddleware",  # nothing inline, nothing foreign
    "common.middleware.PrivatePages",  # no-store and Permissions-Policy
    "common.middleware.NoTrace",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # static files, before anything costs a query
    "common.middleware.NoCookies",  # under /api
    "django.contrib.sessions.middleware.SessionMiddleware",
    "security.device_cookie.DeviceCookie",  # a browser is known again
    "django.middleware.common.CommonMiddleware",  # checks the Host header
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",  # user.is_verified()
    "accounts.middleware.Preferences",  # language and timezone: account, then cookie, then browser
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # every page but those that say otherwise
    "sidebar.middleware.ModuleGuard",  # what the operator has turned off does not exist
    "security.gate.SecondFactorPolicy",  # who must have a second factor, has one
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sidebar.context_processors.shell",
                "console.context_processors.purse",
                "gateway.context_processors.condition",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- data
DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA / 'tollgate.sqlite3'}")}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
        "timeout": 20,
        # FULL: a committed charge survives a power cut; secure_delete: a deleted row leaves no bytes behind
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 0, "max_size": 8, "timeout": 5}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
REDIS_URL = env.str("REDIS_URL", "")
CACHES: dict[str, dict[str, object]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 0.5},  # loss only slows
    }

# --- sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
PASSWORD_HASHERS = ["accounts.hashers.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "security.password.Length"},  # 15 characters, 8 beside a second factor
    {"NAME": "accounts.passwords.Unguessable"},  # common ones, and what the site and the account are called
]
PASSWORD_RESET_TIMEOUT = 600
SESSION_ENGINE = "security.sessions"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_AGE = 14 * 86400
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
CSRF_FAILURE_VIEW = "console.errors.csrf_failure"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_CHANGE_EMAIL = True  # one address an account; a new one takes over once it is confirmed
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_FORMS = {"user_token": "accounts.forms.LinkForm"}
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a reset for an unknown address sends nothing: nobody is mailed by strangers
ACCOUNT_EMAIL_NOTIFICATIONS = False  # allauth's own mails name the address of the client; ours do not
ACCOUNT_LOGIN_TIMEOUT = 300  # seconds between the password and the second factor
ACCOUNT_RATE_LIMITS = False  # accounts.limits counts in the database: exact over all workers, and without Redis
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.link_tokens.LinkTokens"  # noqa: S105 (a name)
ACCOUNT_PREVENT_ENUMERATION = ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_USERNAME_MIN_LENGTH = 2
SOCIALACCOUNT_STORE_TOKENS = False
OTP_ADMIN_HIDE_SENSITIVE_DATA = True

# --- mail: always through the outbox, so that a page never waits for a mail server or fails with it
EMAIL_URL = env.str("EMAIL_URL", "")
EMAIL_BACKEND = "notifications.mail.OutboxEmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("TOLLGATE_EMAIL_FROM", f"Tollgate <tollgate@{_host}>")
EMAIL_FILES = DATA / "mail"
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_URL or SIGNUP in {"invite", "domain"} else "optional"

# --- pages
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA / "media"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # /v1 answers 4xx on http instead of redirecting a key; proxies redirect
if not HTTPS:  # supported on a private network; the pages carry a banner then
    SILENCED_SYSTEM_CHECKS += [f"security.W{number:03}" for number in (4, 10, 11, 12, 16)]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "common.logs.JsonLine"}},
    "handlers": {"console": {"class": "common.logs.LineHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("TOLLGATE_LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "ERROR"}},
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "common.logs.PrivateReporterFilter"
SITE_NAME = _("Tollgate")
