"""/api keeps what its OpenAPI document says, whatever is sent to it."""

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from config.api import api as assembled
from config.api_docs import Document
from gateway import keys
from tests.api.conftest import program
from tests.booked import called, refused
from tests.scale import scaled
from wallet import ledger

CASES = [
    (path, method, mode)
    for path, methods in Document(assembled)["paths"].items()
    for method, operation in methods.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation["parameters"] or "requestBody" in operation  # else nothing is wrong
]
HARD = settings(
    max_examples=scaled(400, least=20),
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# what a schema cannot say: a limit above zero, an end in the future, a name that is free
LEFT_OUT = [checks.positive_data_acceptance]


@pytest.fixture
def one_connection():
    """Keep the connection of the test open from request to request, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def schema(user, one_connection):
    """The document, with an account behind it that has one of everything."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 5, reference="invoice-1")
    keys.mint(user, "laptop", limit=7)
    called(user)
    refused(user)
    document = Document(assembled)
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["security"]  # every request below has its token; to leave it out is tests/api/test_matrix.py
    found = schemathesis.openapi.from_dict(document)
    found.app = WSGIHandler()
    return found


@pytest.mark.req("N4", "N10")
@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_no_answer_breaks_the_schema(schema, user, path, method, mode):
    headers = {"Authorization": f"Bearer {program(user).secret}"}

    @seed(20_261_123)
    @HARD
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    ask()
