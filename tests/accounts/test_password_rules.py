"""Which passwords are refused: by length, and because they are guessed soon. Nothing else is asked of them."""

import random
import string

import pytest
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError

from accounts import passwords
from accounts.models import User
from security.models import TOTPDevice
from tests.accounts.conftest import PASSWORD

CHANGE = "/accounts/password/change/"
COMMON = sorted(CommonPasswordValidator().passwords)


def refused(password: str, user: User | None = None) -> bool:
    try:
        validate_password(password, user)
    except ValidationError:
        return True
    return False


def stretched() -> list[str]:
    """What becomes of common passwords under a rule of fifteen characters: twice, with a year, with a run."""
    made = set()
    for word in COMMON:
        for longer in (
            word * 2,
            word * 3,
            word.title() + word,
            word + "2024" + word,
            word + "123456789",
            word[::-1] * 2,
        ):
            if passwords.LONG <= len(longer) <= passwords.LONGEST:
                made.add(longer)
    return sorted(made | {word for word in COMMON if len(word) >= passwords.LONG})


def noise(alphabet: str, length: int, seed: int = 0) -> str:
    """Random characters, the same ones each time."""
    chance = random.Random(f"{alphabet} {length} {seed}")
    return "".join(chance.choice(alphabet) for _ in range(length))


# --- length


@pytest.mark.req("A7")
@pytest.mark.parametrize(("length", "fits"), [(7, 0), (8, 0), (14, 0), (15, 1), (64, 1), (256, 1), (257, 0)])
def test_fifteen_to_256_characters_without_a_second_factor(user, length, fits):
    assert refused(noise(string.ascii_lowercase, length), user) is not bool(fits)


@pytest.mark.req("A7")
@pytest.mark.parametrize(("length", "fits"), [(7, 0), (8, 1), (14, 1), (256, 1), (257, 0)])
def test_eight_to_256_characters_beside_a_second_factor(user, length, fits):
    TOTPDevice.objects.create(user=user, name="app", confirmed=True, secret="x")
    assert refused(noise(string.ascii_letters, length), user) is not bool(fits)


@pytest.mark.req("A7")
def test_an_app_that_is_not_confirmed_is_no_second_factor(user):
    TOTPDevice.objects.create(user=user, name="app", confirmed=False, secret="x")
    assert refused(noise(string.ascii_letters, 14), user)


@pytest.mark.req("A7")
def test_the_form_takes_what_the_rule_takes(user, signed_in):
    for length, status in ((14, 422), (257, 422), (256, 302)):
        new = noise(string.ascii_letters, length)
        answer = signed_in.post(CHANGE, {"oldpassword": PASSWORD, "password1": new, "password2": new})
        assert answer.status_code == status
    assert User.objects.get().check_password(new)


# --- composition


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "alphabet",
    [string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation, "日本語中文密码安全"],
)
def test_no_kind_of_character_is_demanded(user, alphabet):
    password = noise(alphabet, 24)
    assert not refused(password, user)


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "password", ["correct horse battery", "quite a long passphrase", "  spaces are kept  ", "žluťoučký kůň úpěl"]
)
def test_a_phrase_of_words_passes(user, password):
    assert not refused(password, user)


@pytest.mark.req("A8")
def test_what_is_random_passes():
    for alphabet, length in ((string.ascii_lowercase, 15), (string.digits, 18), (string.printable[:95], 15)):
        found = [noise(alphabet, length, seed) for seed in range(300)]
        assert [password for password in found if passwords.bits(password) < passwords.ENOUGH] == []


# --- common passwords


@pytest.mark.req("A9")
def test_common_passwords_that_pass_the_length_rule_are_refused():
    listed = stretched()
    assert len(listed) >= 3_000
    assert [password for password in random.Random(9).sample(listed, 200) if not refused(password)] == []


@pytest.mark.req("A9")
def test_every_long_entry_of_the_list_is_refused():
    long = [word for word in COMMON if len(word) >= passwords.LONG]
    assert len(long) == 48
    assert [word for word in long if not refused(word)] == []


@pytest.mark.req("A9")
@pytest.mark.parametrize(
    "password",
    [
        *("passwordpassword", "PasswordPassword1!", "Password12345678", "P@ssw0rdP@ssw0rd", "drowssapdrowssap"),
        *("qwertyuiop123456", "qwertyuiopasdfgh", "1q2w3e4r5t6y7u8i", "zaq12wsxcde34rfv", "!QAZ2wsx#EDC4rfv"),
        *("aaaaaaaaaaaaaaaa", "abcdefghijklmnop", "1234567890123456", "0987654321098765", "abcabcabcabcabc"),
        *("correcthorsebatterystaple", "thequickbrownfox1", "maytheforcebewithyou", "letmeinletmein1!"),
        *("iloveyou19871987", "summer2024summer2024", "dragonmonkey2024", "administrator123", "!!!!!!!!!!!!!!!!!!!!"),
    ],
)
def test_what_people_make_of_common_words_is_refused(password):
    assert refused(password)


@pytest.mark.req("A9")
@pytest.mark.parametrize("password", ["password", "dragon12", "iloveyou", "qwertyui", "12345678", "Monkey99!"])
def test_short_common_ones_are_refused_beside_a_second_factor_too(user, password):
    TOTPDevice.objects.create(user=user, name="app", confirmed=True, secret="x")
    assert refused(password, user)


def test_the_worst_password_is_looked_at_in_time():
    for password in ("a" * 256, "ab" * 128, "qwer" * 64, "password" * 32):
        assert passwords.bits(password) < passwords.ENOUGH


# --- the account's own names


@pytest.mark.req("A10")
@pytest.mark.parametrize(
    "password",
    [
        *("tollgatetollgate", "Tollgate-Tollgate", "tollgate12345678", "tollgate-2026-2026", "T0llgateT0llgate"),
        *("meifangmeifang1", "MeifangMeifang!", "meifang.tollgate", "meifang-20262026", "gnafiemgnafiem12"),
        *("m.zhang@acme.example", "zhangzhangzhang", "zhang_meifang_99", "acme.example.2026", "acmeacmeacmeacme"),
        *("acme-tollgate-mei", "ACMEtollgate1234", "examplemeifang12", "meifang1meifang2", "meifang password"),
    ],
)
def test_names_of_site_account_and_mail_are_refused(group, password):
    user = User(username="meifang", email="m.zhang@acme.example", group=group)
    assert refused(password, user)


@pytest.mark.req("A10")
def test_the_form_knows_whose_password_it_is(user, signed_in):
    new = "mei-example-tollgate"
    answer = signed_in.post(CHANGE, {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 422
    assert "too easily guessed" in answer.content.decode()


# --- exactly as typed


@pytest.mark.req("A11")
@pytest.mark.parametrize(
    ("kept", "other"),
    [
        (" leading and trailing ", "leading and trailing"),
        ("two  spaces between words", "two spaces between words"),
        ("Capitals Matter A Lot", "capitals matter a lot"),
        ("é composed once, and again", "e\u0301 composed once, and again"),
        ("x" * 72 + "a", "x" * 72 + "b"),  # where bcrypt would stop
        ("x" * 199 + "a" + "y" * 20, "x" * 199 + "b" + "y" * 20),
    ],
)
def test_what_differs_by_a_byte_is_another_password(group, new_browser, settings, kept, other):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
    User.objects.create_user("ann", "ann@example.com", kept, group=group)
    assert new_browser().sign_in("ann", other).status_code == 422
    assert new_browser().sign_in("ann", kept).status_code == 302
