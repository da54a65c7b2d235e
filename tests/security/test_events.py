"""What is written down about an account, and what of it is mailed."""

import pytest
from django.db import transaction

from accounts import ports
from notifications.models import Delivery
from notifications.texts import TEXTS
from security import events
from security.models import Event

Kind = Event.Kind


def test_an_event_keeps_who_did_what_and_why(user, admin):
    event = events.record(user, Kind.DISABLED, actor=admin, reason="Left the company", detail="x")
    assert (event.user, event.kind, event.actor, event.reason) == (user, "disabled", "root", "Left the company")


@pytest.mark.req("A17")
@pytest.mark.parametrize("kind", sorted(set(Kind) - events.QUIET))
def test_every_change_of_a_credential_is_mailed(user, kind):
    events.record(user, kind, detail="Laptop")
    assert Delivery.objects.get(user=user).event == f"security.{kind}"


@pytest.mark.parametrize("kind", sorted(events.QUIET))
def test_what_happens_all_day_is_not_mailed(user, kind):
    events.record(user, kind)
    assert not Delivery.objects.exists()


def test_what_an_administrator_does_is_mailed_with_the_reason(user, admin):
    events.record(user, Kind.SESSION_ENDED, actor=admin, reason="Lost laptop")
    paragraphs = TEXTS["security.session-ended"]({"actor": "root", "reason": "Lost laptop"}).paragraphs
    assert Delivery.objects.get().subject == "You were signed out of Tollgate"
    assert {"Done by the administrator root.", "Reason: Lost laptop"} <= set(paragraphs)


def test_an_administrator_is_no_actor_on_the_own_account(admin):
    assert events.record(admin, Kind.SIGN_IN, actor=admin).actor == ""


def test_event_and_mail_stand_or_fall_with_what_they_tell_of(user):
    with transaction.atomic():
        ports.record(user, "totp-on")
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def test_an_unknown_kind_is_a_mistake(user):
    with pytest.raises(ValueError, match="moved-house"):
        events.record(user, "moved-house")


def test_long_details_are_cut(user):
    event = events.record(user, Kind.BOUND, detail="x" * 1999, reason="y" * 999)
    assert (len(event.detail), len(event.reason)) == (1000, 300)
