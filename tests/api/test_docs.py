"""/api described, to machines and to people."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.api import api as assembled
from config.api_docs import Document


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").json()


def test_the_document_is_openapi_3_1_and_names_every_call(document):
    calls = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert document["openapi"].startswith("3.1")
    assert calls >= {
        ("GET", "/api/account"),
        ("GET", "/api/keys"),
        ("POST", "/api/keys"),
        ("GET", "/api/keys/{key_id}"),
        ("PATCH", "/api/keys/{key_id}"),
        ("DELETE", "/api/keys/{key_id}"),
        ("GET", "/api/usage"),
        ("GET", "/api/usage/summary"),
        ("GET", "/api/wallet"),
        ("GET", "/api/wallet/ledger"),
        ("GET", "/api/models"),
        ("GET", "/api/version"),
    }


def test_the_document_says_which_scope_opens_each_call(document):
    def scopes(path: str, method: str) -> set[str]:
        return {scope for needed in document["paths"][path][method]["security"] for scope in needed["AccessToken"]}

    assert document["components"]["securitySchemes"]["AccessToken"]["scheme"] == "bearer"
    assert scopes("/api/account", "get") == {"read"}
    assert scopes("/api/keys", "get") == {"read", "keys"}
    assert scopes("/api/keys", "post") == {"keys"}


def test_every_reference_of_the_document_leads_somewhere(document, client):
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', client.get("/api/openapi.json").content.decode()))
    assert named <= set(document["components"]["schemas"])


def test_two_schemas_of_one_name_are_noticed():
    document = Document(assembled)
    with pytest.raises(ImproperlyConfigured, match="Account"):
        document.add_schema_definitions({"Account": {"type": "string"}})


def test_the_page_shows_every_call_without_a_script_of_its_own(document, client, db):
    page = client.get("/api/docs")
    shown = page.content.decode()
    assert page.status_code == 200
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in shown
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\bon[a-z]+=|https?://(?!localhost)", shown)


def test_the_page_is_for_reading(client, db):
    assert client.post("/api/docs").status_code == 405
    assert client.get("/api/docs").headers["Cache-Control"] == "no-store"


def test_the_page_follows_the_theme_of_the_browser(client, db):
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get("/api/docs").content.decode()


def test_the_page_says_what_a_value_means_and_what_is_required(client, db):
    shown = client.get("/api/docs").content.decode()
    assert re.search(r'<code class="n">name</code> <span class="s">required</span>', shown)
    assert re.search(
        r'limit_usd</code></td>\s*<td[^>]*><span><code>string \| null</code> <span class="s">US doll', shown
    )
    assert "<code>ok | error | null</code>" in shown
    assert "<code>list of string</code>" in shown
