"""Which providers there are: those of environment variables, then those of admin."""

import pytest

from accounts import providers
from accounts.models import Provider as Row
from config.providers import Incomplete, Unreadable, read

ACME = {"OIDC_ACME_ISSUER": "https://id.acme.example", "OIDC_ACME_CLIENT_ID": "c", "OIDC_ACME_CLIENT_SECRET": "s"}
GITHUB = {"GITHUB_CLIENT_ID": "c", "GITHUB_CLIENT_SECRET": "s"}


def test_without_variables_there_are_none():
    assert read({"PATH": "/bin"}) == []


def test_any_number_of_providers_is_read():
    more = {name.replace("ACME", "MY_COMPANY"): value for name, value in ACME.items()}
    found = read(ACME | more | GITHUB | {"OIDC_MY_COMPANY_NAME": "My Company"})
    assert [(listed["id"], listed["name"], listed["url"]) for listed in found] == [
        ("github", "GitHub", "https://github.com"),
        ("acme", "acme", "https://id.acme.example"),
        ("my-company", "My Company", "https://id.acme.example"),
    ]


def test_a_server_of_ones_own_is_read():
    assert read(GITHUB | {"GITHUB_URL": "https://git.acme.example/"})[0]["url"] == "https://git.acme.example"


@pytest.mark.parametrize("lacking", [*list(ACME)[1:], "GITHUB_CLIENT_SECRET"])
def test_half_a_provider_is_refused_by_name(lacking):
    whole = ACME | GITHUB
    del whole[lacking]
    with pytest.raises(Incomplete, match=lacking):
        read(whole)


def test_an_id_is_not_given_to_two():
    with pytest.raises(Incomplete, match="GITHUB_CLIENT_ID"):
        read({name.replace("ACME", "GITHUB"): value for name, value in ACME.items()})


@pytest.mark.django_db
def test_rows_of_admin_come_after_and_never_instead(settings):
    settings.PROVIDERS = read(ACME)
    for slug, enabled in (("beta", True), ("off", False), ("acme", True)):
        Row.objects.create(
            slug=slug,
            name=slug.title(),
            issuer="https://other.example",
            client_id="c",
            client_secret="s",
            enabled=enabled,
        )
    assert [(found.id, found.url) for found in providers.enabled()] == [
        ("acme", "https://id.acme.example"),
        ("beta", "https://other.example"),
    ]
    with pytest.raises(providers.Unknown):
        providers.get("off")
    assert providers.get("beta").callback == "http://localhost:8000/accounts/providers/beta/callback/"


def test_rules_are_read_with_the_provider():
    said = {
        "OIDC_ACME_ONLY": "true",
        "OIDC_ACME_PASSKEYS": "1",
        "OIDC_ACME_PREMADE": "Yes",
        "OIDC_ACME_DOMAINS": " acme.example, @Other.example,,",
        "OIDC_ACME_GROUP_CLAIM": "realm_access.roles",
        "OIDC_ACME_STAFF_CLAIM": "role",
        "OIDC_ACME_STAFF_VALUE": "admin",
        "OIDC_ACME_MFA": "otp, hwk",
    }
    found = providers.Provider(**read(ACME | said)[0])
    assert (found.only, found.passkeys, found.premade) == (True, True, True)
    assert found.domains == ("acme.example", "other.example")
    assert (found.group_claim, found.staff_claim, found.staff_value) == ("realm_access.roles", "role", "admin")
    assert found.mfa == ("otp", "hwk")


def test_without_them_there_is_none():
    plain = providers.Provider("acme", "acme", "https://id.acme.example", "c", "s")
    assert providers.Provider(**read(ACME)[0]) == plain
    assert providers.Provider(**read(ACME | {"OIDC_ACME_ONLY": "off"})[0]) == plain


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"OIDC_ACME_ONLY": "maybe"}, Unreadable),
        ({"OIDC_ACME_PREMADE": "2"}, Unreadable),
        ({"OIDC_ACME_STAFF_VALUE": "admin"}, Incomplete),
        ({"OIDC_ACME_PASSKEYS": "true"}, Incomplete),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(said, error):
    with pytest.raises(error, match=next(iter(said)).rpartition("_")[0]):
        read(ACME | said)


def test_a_rule_that_is_misspelled_is_refused():
    with pytest.raises(Unreadable, match="OIDC_ACME_DOMIANS"):
        read(ACME | {"OIDC_ACME_DOMIANS": "acme.example"})


def test_an_id_may_begin_like_another():
    more = {name.replace("ACME", "ACME_EU"): value for name, value in ACME.items()}
    found = {listed["id"]: listed["only"] for listed in read(ACME | more | {"OIDC_ACME_EU_ONLY": "1"})}
    assert found == {"acme": False, "acme-eu": True}


@pytest.mark.parametrize("part", ["CLIENT_ID", "CLIENT_SECRET", "NAME", "ONLY", "STAFF_CLAIM"])
def test_a_provider_without_an_issuer_is_refused(part):
    with pytest.raises(Incomplete, match="OIDC_ACME_ISSUER"):
        read({f"OIDC_ACME_{part}": "x"})


def test_variables_of_others_are_left_alone():
    assert len(read(ACME | {"OIDC_TOKEN": "x", "MY_OIDC_ACME_NAME": "x", "OIDC_": "x"})) == 1
