"""140,000 mutated answers of authenticators at full scale: each is refused, none breaks anything."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from security import passkeys, responses
from tests.scale import scaled
from tests.security.ceremonies import SESSION, register
from tests.security.softkey import SoftKey, decode, encode

pytestmark = [pytest.mark.django_db, pytest.mark.req("F11")]
SEED = 20_261_123
JUNK: list[Any] = [None, True, -1, 2**63, 1.5, "", "\x00", "é", "====", "a" * 9000, [], {}, [[]], {"id": 1}, "null"]
FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports")


def junk_in_a_field(dice: random.Random, answer: dict[str, Any]) -> str:
    place = dice.choice([answer, answer["response"]])
    place[dice.choice([*place, "extra"])] = dice.choice(JUNK)
    return json.dumps(answer)


def a_field_less(dice: random.Random, answer: dict[str, Any]) -> str:
    place = dice.choice([answer, answer["response"]])
    del place[dice.choice(list(place))]
    return json.dumps(answer)


def bytes_changed(dice: random.Random, answer: dict[str, Any]) -> str:
    """Inside what base64 holds: CBOR, client data, signature, lengths."""
    name = dice.choice([name for name in FIELDS if isinstance(answer["response"].get(name), str)])
    data = bytearray(decode(answer["response"][name]))
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        data[at : at + dice.choice([0, 1, 1, 1, 8])] = dice.randbytes(dice.choice([0, 1, 1, 1, 5]))
    answer["response"][name] = encode(bytes(data))
    return json.dumps(answer)


def client_data_changed(dice: random.Random, answer: dict[str, Any]) -> str:
    said = json.loads(decode(answer["response"]["clientDataJSON"]))
    said[dice.choice([*said, "topOrigin", "tokenBinding"])] = dice.choice(JUNK)
    answer["response"]["clientDataJSON"] = encode(json.dumps(said).encode())
    return json.dumps(answer)


def text_changed(dice: random.Random, answer: dict[str, Any]) -> str:
    text = json.dumps(answer)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice(['"', "{", "]", "\\", "\ud800", "é", "\x00", "0", ""]) + text[at + 1 :]
    return text


def nested(dice: random.Random, answer: dict[str, Any]) -> str:
    return dice.choice(["[", '{"response":', "[{"]) * dice.choice([1, 70, 5000])


MUTATIONS: list[Callable[[random.Random, dict[str, Any]], str]] = [
    *(junk_in_a_field, a_field_less, bytes_changed, bytes_changed, bytes_changed),
    *(client_data_changed, text_changed, nested),
]


def mutated(dice: random.Random, answer: dict[str, Any]) -> str:
    return dice.choice(MUTATIONS)(dice, json.loads(json.dumps(answer)))


def read_and_verify(raw: str, public_key: bytes | None) -> None:
    try:
        answer = responses.read(raw)
        if public_key is None:
            responses.registered(answer)
        else:
            responses.asserted(answer, public_key)
    except responses.Refused:
        pass


@pytest.mark.parametrize("ceremony", ["registration", "sign-in"])
def test_mutated_answers_raise_nothing_but_a_refusal(user, ceremony):
    """Without the challenge: it would hide what lies behind it."""
    dice, key = random.Random(f"{SEED} {ceremony}"), SoftKey()
    passkey = register(user, key)
    if ceremony == "registration":
        answer, public_key = SoftKey().create(passkeys.begin(user, SESSION)), None
    else:
        answer, public_key = key.get(passkeys.begin_sign_in(SESSION)), bytes(passkey.public_key)
    for _ in range(scaled(65_000)):
        read_and_verify(mutated(dice, answer), public_key)
