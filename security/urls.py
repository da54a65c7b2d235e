"""Pages of this room: sign-in at allauth's own paths and names, credentials under the settings."""

from allauth.account import views as allauth
from django.urls import URLPattern, include, path, re_path

from security import views
from security.sudo import sudo_required
from security.views import (
    bindings,
    events,
    link,
    overview,
    passkey_sign_in,
    passkeys,
    password,
    provider_sign_up,
    recovery,
    sessions,
    sign_in_code,
    step_up,
    tokens,
    totp,
)

ACCOUNTS = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", views.SignOut.as_view(), name="account_logout"),
    path("signup/", views.SignUp.as_view(), name="account_signup"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("login/passkey/", passkey_sign_in.sign_in, name="passkey_sign_in"),
    path("login/passkey/options/", passkey_sign_in.options, name="passkey_sign_in_options"),
    path("login/second-factor/", sign_in_code.second_factor, name="second_factor"),
    path("reauthenticate/", step_up.by_password, name="account_reauthenticate"),
    path("reauthenticate/code/", step_up.by_code, name="sudo_code"),
    path("reauthenticate/passkey/", passkey_sign_in.by_passkey, name="sudo_passkey"),
    path("reauthenticate/passkey/options/", passkey_sign_in.sudo_options, name="sudo_passkey_options"),
    path("reauthenticate/nothing/", step_up.no_way, name="sudo_none"),
    path("reauthenticate/provider/", bindings.confirm, name="sudo_provider"),
    path("providers/sign-up/", provider_sign_up.SignUp.as_view(), name="provider_sign_up"),
    path("providers/<slug:provider_id>/sign-in/", bindings.sign_in, name="provider_sign_in"),
    path("providers/<slug:provider_id>/bind/", bindings.bind, name="provider_bind"),
    path("providers/<slug:provider_id>/callback/", bindings.back, name="provider_back"),
    path("providers/<int:pk>/unbind/", bindings.unbind, name="binding_remove"),
    path("link/", link.by_link, name="link_sign_in"),
    path("email/", views.ChangeEmail.as_view(), name="account_email"),
    path("confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", views.ConfirmEmail.as_view(), name="account_confirm_email"),
    path(
        "password/change/",
        sudo_required(password.useful(views.ChangePassword.as_view())),
        name="account_change_password",
    ),
    path(
        "password/set/", sudo_required(password.useful(password.FirstPassword.as_view())), name="account_set_password"
    ),
    path("password/reset/", views.ResetPassword.as_view(), name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.ResetPasswordFromLink.as_view(),
        name="account_reset_password_from_key",
    ),
]
SETTINGS: list[URLPattern] = [
    path("", overview.index, name="security"),
    path("events/", events.index, name="security_events"),
    path("sessions/", sessions.index, name="sessions"),
    path("sessions/others/end/", sessions.end_others, name="sessions_end_others"),
    path("sessions/<slug:public_id>/end/", sessions.end, name="session_end"),
    path("two-factor/", totp.two_factor, name="two_factor"),
    path("two-factor/off/", totp.off, name="two_factor_off"),
    path("two-factor/codes/", recovery.codes, name="recovery_codes"),
    path("passkeys/", passkeys.index, name="passkeys"),
    path("passkeys/new/", passkeys.new, name="passkey_new"),
    path("passkeys/new/options/", passkeys.options, name="passkey_options"),
    path("passkeys/new/confirm/", passkeys.create, name="passkey_create"),
    path("passkeys/<int:pk>/name/", passkeys.rename, name="passkey_name"),
    path("passkeys/<int:pk>/remove/", passkeys.remove, name="passkey_remove"),
    path("tokens/", tokens.index, name="tokens"),
    path("tokens/new/", tokens.create, name="token_new"),
    path("tokens/<int:pk>/replace/", tokens.replace, name="token_replace"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="token_revoke"),
]
urlpatterns = [path("accounts/", include(ACCOUNTS)), path("settings/security/", include(SETTINGS))]
