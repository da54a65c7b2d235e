"""The authenticator app: what a code is, that each is good once, and that its secret is nowhere in clear."""

import base64
import re
import time
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import User
from notifications.models import Delivery
from security import factors, recovery, totp
from security.models import Event, RecoveryCode, Session, TOTPDevice
from security.sessions import stored
from tests.scale import scaled
from tests.second_factor import ARABIC, SECRET, WIDE, code, enroll
from tests.together import together

START = timezone.now().replace(minute=0, second=0, microsecond=0)
# RFC 6238 appendix B, SHA-1: the last six of its eight digits
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


def dump() -> str:
    """Everything that the database holds, as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [str([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]) for row in cursor]
    return "\n".join(rows)


@pytest.mark.req("D11")
@pytest.mark.parametrize(("moment", "digits"), VECTORS.items())
def test_codes_are_those_of_the_standard(moment, digits):
    assert totp.code_at(RFC_SECRET, moment // totp.STEP) == digits
    with time_machine.travel(moment, tick=False):
        assert totp.step_of(RFC_SECRET, digits) == moment // totp.STEP


@pytest.mark.req("D3")
def test_one_step_to_either_side_is_taken_and_no_more(user):
    enroll(user)
    with time_machine.travel(START, tick=False):
        taken = []
        for steps in range(-3, 4):
            TOTPDevice.objects.update(last_step=-1)
            taken += [steps] if totp.verify(user, code(user, steps=steps)) else []
    assert taken == [-1, 0, 1]


@pytest.mark.req("D3")
def test_a_clock_that_gains_is_not_followed(user):
    """A phone that is one step further ahead with each sign-in: the third is out, and stays out."""
    enroll(user)
    taken = []
    with time_machine.travel(START, tick=False) as clock:
        for sign_in in range(12):
            taken.append(totp.verify(user, code(user, steps=sign_in)) is not None)
            clock.shift(timedelta(hours=1))
    assert taken == [True, True] + [False] * 10


@pytest.mark.req("D4")
@pytest.mark.parametrize("odd", [" {}", "{}\n", "+{}", "{}_", "0{}", "{} ", "\t{}", "-{}", "{}.0", "{}\x00"])
def test_only_six_plain_digits_are_a_code(user, odd):
    enroll(user)
    with pytest.raises(factors.WrongCode):
        factors.verify(user, odd.format(code(user)), browser=None)
    assert factors.verify(user, code(user), browser=None).user == user


@pytest.mark.req("D4")
def test_digits_of_other_scripts_and_short_codes_are_none(user):
    enroll(user)
    plain = code(user)
    odd_forms = [plain.translate(WIDE), plain.translate(ARABIC), "_".join(plain), plain[:5], plain.lstrip("0")[:5]]
    for odd in (*odd_forms, "", "0x1234", "1e5"):
        assert totp.verify(user, odd) is None


@pytest.mark.req("D2")
def test_a_code_and_the_one_before_it_are_dead_once_used(user):
    enroll(user)
    with time_machine.travel(START, tick=False) as clock:
        before, now = code(user, steps=-1), code(user)
        assert totp.verify(user, now)
        assert totp.verify(user, now) is None
        assert totp.verify(user, before) is None
        clock.shift(timedelta(seconds=30))
        assert totp.verify(user, now) is None
        assert totp.verify(user, code(user))


@pytest.mark.req("D1")
@pytest.mark.django_db(transaction=True)
def test_a_code_works_once_however_many_send_it_at_once(user):
    enroll(user)
    with time_machine.travel(START) as clock:
        for _ in range(scaled(10, least=2)):
            clock.shift(timedelta(seconds=60))
            digits = code(user)
            won = together(24, partial(lambda digits, _: totp.verify(user, digits) is not None, digits))
            assert won.count(True) == 1


@pytest.mark.req("D8")
def test_the_secret_is_160_random_bits(user):
    secrets = set()
    for _ in range(20):
        secret = totp.begin(user).secret
        assert len(base64.b32decode(secret)) * 8 == 160
        secrets.add(secret)
    assert len(secrets) == 20


@pytest.mark.req("D8", "E1")
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_dump_of_the_database_holds_neither_secret_nor_codes(user, confirmed):
    device = totp.begin(user)
    raw, codes = base64.b32decode(device.secret), device.codes.split()
    if confirmed:
        totp.confirm(user, pyotp.TOTP(device.secret).now())
    forms = [device.secret, raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    forms += [*codes, *(code.replace("-", "") for code in codes)]
    text = dump().casefold()
    assert "mei@example.com" in text
    assert [form for form in forms if form.rstrip("=").casefold() in text] == []


@pytest.mark.req("D9")
def test_nothing_is_on_before_a_valid_code(user):
    device = totp.begin(user)
    assert not factors.enabled(user)
    assert not RecoveryCode.objects.exists()
    assert totp.verify(user, pyotp.TOTP(device.secret).now()) is None
    with pytest.raises(totp.WrongCode):
        totp.confirm(user, "000000" if pyotp.TOTP(device.secret).now() != "000000" else "111111")
    assert not factors.enabled(user)
    begun = totp.begun(user)
    assert begun
    assert begun.secret == device.secret, "a wrong code keeps the secret"


@pytest.mark.req("D9", "A17")
def test_the_first_code_turns_it_on_with_the_codes_that_were_shown(user):
    device = totp.begin(user)
    codes = device.codes.split()
    stored = totp.confirm(user, pyotp.TOTP(device.secret).now())
    assert stored.codes == ""
    assert factors.enabled(user)
    assert recovery.left(user) == 10
    assert recovery.verify(user, codes[3])
    assert [event.kind for event in Event.objects.all()] == ["totp-on", "code-used"]
    assert Delivery.objects.get(event="security.totp-on").user == user


def test_the_code_of_the_set_up_does_not_sign_in_as_well(user):
    device = totp.begin(user)
    digits = pyotp.TOTP(device.secret).now()
    totp.confirm(user, digits)
    assert totp.verify(user, digits) is None


def test_a_set_up_that_was_left_for_an_hour_is_over(user):
    with time_machine.travel(START, tick=False) as clock:
        device = totp.begin(user)
        clock.shift(timedelta(minutes=61))
        assert totp.begun(user) is None
        with pytest.raises(totp.NotBegun):
            totp.confirm(user, pyotp.TOTP(device.secret).now())


def test_beginning_again_forgets_the_first_secret(user):
    first = totp.begin(user)
    second = totp.begin(user)
    assert TOTPDevice.objects.get() == second
    with pytest.raises(totp.WrongCode):
        totp.confirm(user, pyotp.TOTP(first.secret).now())


def test_an_account_has_one_authenticator(user):
    enroll(user)
    with pytest.raises(totp.AlreadyOn):
        totp.begin(user)
    TOTPDevice.objects.create(user=user, name="x", secret=SECRET, confirmed=False)
    with pytest.raises(totp.AlreadyOn):
        totp.confirm(user, code_of_the_other())


def code_of_the_other() -> str:
    return pyotp.TOTP(SECRET).now()


@pytest.mark.django_db(transaction=True)
def test_confirming_many_times_at_once_turns_it_on_once(user):
    device = totp.begin(user)
    digits = pyotp.TOTP(device.secret).now()

    def confirm(_: int) -> bool:
        try:
            return bool(totp.confirm(user, digits))
        except (totp.AlreadyOn, totp.NotBegun):
            return False

    assert together(8, confirm).count(True) == 1
    assert TOTPDevice.objects.filter(confirmed=True).count() == 1
    assert recovery.left(user) == 10
    assert Event.objects.filter(kind=Event.Kind.TOTP_ON).count() == 1


@pytest.mark.req("A17")
def test_turning_off_takes_device_and_codes_and_tells_the_owner(user, admin):
    codes = enroll(user)
    assert totp.remove(user, actor=admin, reason="lost phone")
    assert not factors.enabled(user)
    assert recovery.verify(user, codes[0]) is None
    event = Event.objects.get()
    assert (event.kind, event.actor, event.reason) == ("totp-off", "root", "lost phone")
    assert Delivery.objects.get(event="security.totp-off").user == user
    assert not totp.remove(user), "it was off"


@pytest.mark.req("B4")
def test_on_and_off_end_the_other_sessions(user, signed_in, new_browser):
    other = new_browser()
    other.sign_in()
    key = signed_in.cookies["session"].value
    totp.confirm(user, pyotp.TOTP(totp.begin(user).secret).now(), keep_session=key)
    assert [row.pk for row in Session.objects.filter(user=user)] == [stored(key)]
    totp.remove(user)
    assert not Session.objects.filter(user=user).exists()


def test_apps_are_told_whose_secret_it_is(user):
    User.objects.filter(pk=user.pk).update(username="李.mei+x")
    user.refresh_from_db()
    device = totp.begin(user)
    parts = urlsplit(totp.uri(device))
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/Tollgate:李.mei+x")
    assert parse_qs(parts.query) == {"secret": [device.secret], "issuer": ["Tollgate"], "digits": ["6"]}
    parsed = pyotp.parse_uri(totp.uri(device))
    assert isinstance(parsed, pyotp.TOTP)
    assert totp.step_of(device.secret, parsed.now()) is not None


def test_the_square_has_no_style_of_its_own(user):
    square = totp.square(totp.begin(user))
    assert square.startswith("<svg ")
    assert not re.search(r"style|<script|\son\w+=", square)
    assert len(square) < 16_000


def test_the_key_can_be_typed_in_groups(user):
    device = totp.begin(user)
    assert totp.by_hand(device).replace(" ", "") == device.secret
    assert {len(part) for part in totp.by_hand(device).split()} == {4}


def test_the_time_is_the_servers_alone(user):
    enroll(user)
    assert totp.step_of(SECRET, code(user)) in range(int(time.time()) // 30 - 1, int(time.time()) // 30 + 2)
