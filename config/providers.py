"""Identity providers of the environment: GITHUB_CLIENT_ID, and OIDC_<ID>_ISSUER for any number of others."""

import os
import re
from collections.abc import Mapping
from typing import Any

ISSUER = re.compile(r"OIDC_([A-Z0-9][A-Z0-9_]*)_ISSUER")
RESERVED = {"github"}
BASICS = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME")
FLAGS, LISTS, TEXTS = ("ONLY", "PASSKEYS", "PREMADE"), ("DOMAINS", "MFA"), ("GROUP_CLAIM", "STAFF_CLAIM", "STAFF_VALUE")
YES, NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class Incomplete(ValueError):
    """A provider is set up by halves; the message names the variable that lacks."""


class Unreadable(ValueError):
    """A switch is neither on nor off, or no rule has this name; the message names the variable."""


def read(environment: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Return the providers that the environment sets up, as fields of accounts.providers.Provider.

    The id of OIDC_MY_COMPANY_ISSUER is my-company. Raises Incomplete, Unreadable.
    """
    found = []
    if environment.get("GITHUB_CLIENT_ID"):
        found.append(_provider(environment, "GITHUB", {"id": "github", "name": "GitHub", "url": _github(environment)}))
    for match in filter(None, map(ISSUER.fullmatch, sorted(environment))):
        prefix, provider_id = f"OIDC_{match[1]}", match[1].lower().replace("_", "-")
        if provider_id in RESERVED:
            raise Incomplete(f"{match[0]}: this id belongs to GITHUB_CLIENT_ID; choose another.")
        named = {"id": provider_id, "name": environment.get(f"{prefix}_NAME") or provider_id}
        found.append(_provider(environment, prefix, named | {"url": environment[match[0]].strip()}))
        found[-1] |= _rules(environment, prefix)
    _check_names(environment)
    return found


def _provider(environment: Mapping[str, str], prefix: str, named: dict[str, Any]) -> dict[str, Any]:
    for part in ("CLIENT_ID", "CLIENT_SECRET"):
        if not environment.get(f"{prefix}_{part}"):
            raise Incomplete(f"{prefix}_{part} is missing.")
        named[part.lower()] = environment[f"{prefix}_{part}"]
    return named


def _rules(environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Return whom a provider brings, and what they may do."""
    said = {name: environment.get(f"{prefix}_{name}", "").strip() for name in (*FLAGS, *LISTS, *TEXTS)}
    for name in FLAGS:
        if said[name].lower() not in YES | NO:
            raise Unreadable(f"{prefix}_{name} is neither true nor false.")
    if said["STAFF_VALUE"] and not said["STAFF_CLAIM"]:
        raise Incomplete(f"{prefix}_STAFF_CLAIM is missing.")
    if said["PASSKEYS"].lower() in YES and said["ONLY"].lower() in NO:
        raise Incomplete(f"{prefix}_ONLY is missing: without it, passkeys need no leave.")
    rules: dict[str, Any] = {name.lower(): said[name].lower() in YES for name in FLAGS}
    rules |= {name.lower(): said[name] for name in TEXTS}
    rules["mfa"] = tuple(_listed(said["MFA"]))
    return rules | {"domains": tuple(domain.lower().lstrip("@") for domain in _listed(said["DOMAINS"]))}


def _check_names(environment: Mapping[str, str]) -> None:
    """Refuse what looks like a variable of a provider and is none: a rule that is misspelled would let everybody in."""
    parts = (*BASICS, *FLAGS, *LISTS, *TEXTS)
    ids = [match[1] for match in map(ISSUER.fullmatch, environment) if match]
    known = {f"OIDC_{name}_{part}" for name in ids for part in parts}
    for variable in sorted(environment):
        if variable.startswith(tuple(f"OIDC_{name}_" for name in ids)) and variable not in known:
            raise Unreadable(f"{variable} is no variable of a provider.")
    for variable in sorted(environment):
        part = next((part for part in parts if variable.endswith(f"_{part}")), "")
        if part and re.fullmatch(rf"OIDC_[A-Z0-9_]+_{part}", variable) and variable not in known:
            raise Incomplete(f"{variable.removesuffix(part)}ISSUER is missing.")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _github(environment: Mapping[str, str]) -> str:
    return (environment.get("GITHUB_URL") or "https://github.com").rstrip("/")
