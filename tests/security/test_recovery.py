"""Recovery codes: strong, good once, kept as digests, and few left is said."""

import re
from functools import partial

import pytest
from django.utils import translation

from notifications.models import Delivery
from security import factors, recovery
from security.models import Event, RecoveryCode, RecoveryCodeDevice, Session
from tests.scale import scaled
from tests.second_factor import WIDE, enroll
from tests.together import together


@pytest.mark.req("E1")
def test_ten_codes_of_120_bits():
    codes = recovery.draft()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}", code)


@pytest.mark.req("E1")
def test_only_digests_are_stored(user):
    codes = enroll(user)
    digests = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert digests == {recovery.digest(code) for code in codes}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)


def test_blanks_dashes_and_small_letters_do_not_matter(user):
    codes = enroll(user)
    assert recovery.verify(user, f"  {codes[0].lower().replace('-', ' ')}\n")
    assert recovery.verify(user, codes[1].replace("-", ""))


@pytest.mark.parametrize(
    "odd", ["", "A", "A" * 24, "A" * 25, "0" * 24, "1".translate(WIDE) * 24, "ß" * 24, "\x00" * 24]
)
def test_what_is_no_code_is_none(user, odd):
    enroll(user)
    assert recovery.verify(user, odd) is None


def test_a_code_of_another_account_is_none(user, admin):
    codes = enroll(user)
    enroll(admin)
    assert recovery.verify(admin, codes[0]) is None
    assert recovery.verify(user, codes[0])


@pytest.mark.req("E2")
@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_works_once_however_many_send_it_at_once(user):
    codes = enroll(user)
    for code in codes[: scaled(10, least=2)]:
        won = together(24, partial(lambda code, _: recovery.verify(user, code) is not None, code))
        assert won.count(True) == 1


@pytest.mark.req("E3")
def test_new_codes_kill_the_old_ones_and_end_other_sessions(user, signed_in):
    old = enroll(user)
    device = RecoveryCodeDevice.objects.get()
    new = recovery.regenerate(user)
    assert recovery.verify(user, old[0]) is None
    assert recovery.verify(user, new[0]) == device, "a session that was opened with the set stays a verified one"
    assert RecoveryCode.objects.count() == 10
    assert not Session.objects.filter(user=user).exists()
    assert [event.kind for event in Event.objects.filter(kind__startswith="code")] == ["codes-made", "code-used"]


@pytest.mark.req("E3")
@pytest.mark.django_db(transaction=True)
def test_making_codes_many_times_at_once_leaves_one_set(user):
    enroll(user)
    together(6, lambda _: recovery.regenerate(user))
    assert RecoveryCode.objects.count() == 10


@pytest.mark.req("E3", "A17")
def test_each_use_is_mailed_and_few_left_is_said(user):
    codes = enroll(user)
    for number, code in enumerate(codes, 1):
        recovery.verify(user, code)
        assert Delivery.objects.filter(event="security.code-used").count() == number
        assert Delivery.objects.filter(event="security.codes-low").count() == max(0, number - 6)
    details = Event.objects.filter(kind=Event.Kind.CODE_USED).order_by("pk").values_list("detail", flat=True)
    assert details[0] == "9 recovery codes are left."
    assert details[8] == "1 recovery code is left."
    assert recovery.left(user) == 0


def test_the_mail_says_so_in_the_language_of_its_reader(user):
    user.language = "zh-hans"
    user.save()
    codes = enroll(user)
    with translation.override("zh-hans"):
        for code in codes[:7]:
            recovery.verify(user, code)
    subjects = set(Delivery.objects.values_list("subject", flat=True))
    assert len(subjects) == 2
    assert not any(subject.isascii() for subject in subjects)


def test_codes_alone_are_no_second_factor(user):
    recovery.store(user, recovery.draft())
    assert not factors.enabled(user)
