"""/api described: as an OpenAPI 3.1 document, and as a page for people that needs no script."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from common.api import Error
from security.bearer import AccessTokenAuth

SECURITY = "AccessToken"
COMPONENTS = "#/components/schemas/"
REFUSAL = {"description": "Refused", "content": {"application/json": {"schema": {"$ref": f"{COMPONENTS}Error"}}}}


class Document(OpenAPISchema):
    """The description of an API: what ninja says of it, with scopes and refusals."""

    def __init__(self, api: NinjaAPI) -> None:
        super().__init__(api, path_prefix="api")
        schema = Error.model_json_schema(ref_template=COMPONENTS + "{model}")
        self.schemas |= {**schema.pop("$defs"), "Error": schema}

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Take over schemas by name. Raises ImproperlyConfigured where two of them share one."""
        taken = [name for name, schema in definitions.items() if self.schemas.get(name, schema) != schema]
        if taken:
            raise ImproperlyConfigured(f"two schemas of /api are called {', '.join(taken)}")
        super().add_schema_definitions(definitions)

    def operation_security(self, operation: Operation) -> list[dict[str, Any]]:
        """Return which scopes let a token in; any one of them does."""
        auth = next(callback for callback in operation.auth_callbacks if isinstance(callback, AccessTokenAuth))
        self.securitySchemes[SECURITY] = auth.openapi_security_schema
        return [{SECURITY: [str(scope)]} for scope in auth.needed(operation.methods[0])]

    def responses(self, operation: Operation) -> dict[Any, dict[str, Any]]:
        """Return the answers of an operation; whatever is not named is a refusal."""
        return {**super().responses(operation), "default": REFUSAL}


def page(request: HttpRequest, document: Mapping[str, Any]) -> HttpResponse:
    """Show the document as a page."""
    areas: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            call = _call(document, method.upper(), path, operation)
            areas.setdefault(operation["tags"][0], []).append(call)
    return render(request, "api/docs.html", {"areas": areas, "base_url": settings.BASE_URL})


def _call(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    answers = {status: _schema(answer) for status, answer in operation["responses"].items() if status != "default"}
    success = min(answers)
    body = _schema(operation["requestBody"]) if "requestBody" in operation else None
    return {
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation["description"],
        "scopes": [scope for needed in operation["security"] for scope in needed[SECURITY]],
        "status": success,
        "parameters": [
            {"name": given["name"], "kind": _kind(document, given["schema"]), "about": _about(given["schema"])}
            for given in operation["parameters"]
        ],
        "fields": _fields(document, body),
        "answer": [{**field, "must": False} for field in _fields(document, answers[success])],
    }


def _schema(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = part.get("content")
    return content["application/json"]["schema"] if content else None


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix(COMPONENTS)
    return document["components"]["schemas"][name] if name else schema


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the fields of an object; of a list, those of its items."""
    if schema is None:
        return []
    schema = _resolved(document, schema)
    properties = schema.get("properties", {})
    if "items" in properties and "next" in properties:
        return _fields(document, properties["items"]["items"])
    required = schema.get("required", [])
    fields = [
        {"name": name, "kind": _kind(document, field), "about": _about(field), "must": name in required}
        for name, field in properties.items()
    ]
    return sorted(fields, key=lambda field: not field["must"])


def _about(schema: Mapping[str, Any]) -> str:
    """Return what a value means; of several kinds, what the first one means."""
    return str(schema.get("description") or (_about(schema["anyOf"][0]) if "anyOf" in schema else ""))


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return in few words what a value can be."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(document, one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    return str(schema.get("format") or schema.get("title" if schema.get("type") == "object" else "type"))
