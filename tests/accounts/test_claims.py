"""What is read in the claims of a provider: texts and lists, at any depth, and nothing that is neither."""

from typing import Any

import pytest

from accounts import claims
from accounts.providers import Provider


def ruled(**rules: Any) -> Provider:
    return Provider("acme", "Acme", "https://id.acme.example", "c", "s", **rules)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"groups": ["gold", "staff"]}, ("gold", "staff")),
        ({"groups": "gold"}, ("gold",)),
        ({"groups": ["gold", 7, None, ["silver"], "a\x00b"]}, ("gold",)),
        ({"groups": {"gold": True}}, ()),
        ({"groups": 7}, ()),
        ({"groups": ""}, ()),
        ({}, ()),
    ],
)
def test_groups_are_texts(said, found):
    assert claims.groups(ruled(group_claim="groups"), said) == found


def test_no_claim_named_means_no_groups():
    assert claims.groups(ruled(), {"": "gold", "groups": "gold"}) == ()


def test_a_thousand_groups_are_read_and_no_more():
    assert len(claims.groups(ruled(group_claim="groups"), {"groups": ["a"] * 5000})) == 1000


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"realm_access": {"roles": ["gold"]}}, ("gold",)),
        ({"realm_access.roles": ["silver"], "realm_access": {"roles": ["gold"]}}, ("silver",)),
        ({"realm_access": ["roles"]}, ()),
        ({"realm_access": None}, ()),
    ],
)
def test_dots_lead_into_objects_unless_a_claim_is_called_so(said, found):
    assert claims.groups(ruled(group_claim="realm_access.roles"), said) == found


@pytest.mark.parametrize(
    ("value", "said", "found"),
    [
        ("", True, True),
        ("", "true", False),
        ("", 1, False),
        ("", ["x"], False),
        ("", None, False),
        ("admin", "admin", True),
        ("admin", ["dev", "admin"], True),
        ("admin", "administrators", False),
        ("admin", True, False),
        ("admin", {"admin": True}, False),
        ("admin", None, False),
    ],
)
def test_the_staff_claim_holds_its_value_or_is_true(value, said, found):
    assert claims.staff(ruled(staff_claim="role", staff_value=value), {"role": said}) is found


def test_without_a_staff_claim_nobody_is_staff():
    assert claims.staff(ruled(), {"": True, "staff": True}) is False


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"amr": ["pwd", "otp"]}, True),
        ({"acr": "phr"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "otp"}, True),
        ({"amr": [7, None]}, False),
        ({}, False),
    ],
)
def test_a_second_factor_there_is_one_that_the_operator_trusts(said, found):
    assert claims.proven(ruled(mfa=("otp", "phr")), said) is found
    assert claims.proven(ruled(), said) is False
