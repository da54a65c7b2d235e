"""An authenticator in software: holds many resident keys, and lies on request."""

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Resident:
    """A key in the authenticator."""

    private: EllipticCurvePrivateKey
    handle: str
    count: int = 0


@dataclass(slots=True)
class SoftKey:
    """`client` overrides what the browser says, `flags` what the authenticator says; `rp` the site it is asked for."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    counts: bool = True
    id_bytes: int = 32
    rp: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    keys: dict[bytes, Resident] = field(default_factory=dict)

    def create(self, options: dict[str, Any], credential_id: bytes | None = None) -> dict[str, Any]:
        """Return what `navigator.credentials.create()` gives."""
        if any(decode(known["id"]) in self.keys for known in options.get("excludeCredentials", [])):
            raise RuntimeError("InvalidStateError")
        credential_id = credential_id or secrets.token_bytes(self.id_bytes)
        key = self.keys[credential_id] = Resident(generate_private_key(SECP256R1()), options["user"]["id"])
        point = key.private.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = self._head(options["rp"]["id"], ATTESTED, 0) + bytes(16)
        data += struct.pack(">H", len(credential_id)) + credential_id + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": encode(self._said("webauthn.create", options)), "transports": ["internal"]}
        return self._credential(credential_id, response | {"attestationObject": encode(attestation)})

    def get(self, options: dict[str, Any], credential_id: bytes | None = None) -> dict[str, Any]:
        """Return what `navigator.credentials.get()` gives."""
        allowed = [decode(known["id"]) for known in options.get("allowCredentials", [])]
        credential_id = credential_id or next(key for key in self.keys if not allowed or key in allowed)
        key = self.keys[credential_id]
        key.count += self.counts
        data, said = self._head(options["rpId"], 0, key.count), self._said("webauthn.get", options)
        signature = key.private.sign(data + hashlib.sha256(said).digest(), ECDSA(SHA256()))
        response = {"clientDataJSON": encode(said), "authenticatorData": encode(data), "signature": encode(signature)}
        return self._credential(credential_id, response | {"userHandle": key.handle})

    def _head(self, rp: str, flags: int, count: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256((self.rp or rp).encode()).digest() + struct.pack(">BI", flags, count)

    def _said(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client).encode()

    @staticmethod
    def _credential(credential_id: bytes, response: dict[str, Any]) -> dict[str, Any]:
        named = {"id": encode(credential_id), "rawId": encode(credential_id), "type": "public-key"}
        return {**named, "clientExtensionResults": {}, "authenticatorAttachment": "platform", "response": response}
