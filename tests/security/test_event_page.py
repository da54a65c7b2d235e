"""The list of events that people see of their own account."""

import pytest

from security import events
from security.models import Event

PAGE = "/settings/security/events/"
Kind = Event.Kind


def test_the_newest_comes_first_with_who_and_why(user, signed_in, admin):
    events.record(user, Kind.DISABLED, actor=admin, reason="Left <the> company")
    events.record(user, Kind.PASSKEY_ADDED, detail="Yubikey 5")
    page = signed_in.page(PAGE)
    assert page.index("Passkey added") < page.index("Account disabled") < page.index("Signed in")
    for text in ("Yubikey 5", "by root", "Left &lt;the&gt; company"):
        assert text in page


def test_pages_follow_each_other_without_gap_or_overlap(user, signed_in):
    made = [events.record(user, Kind.SIGN_OUT, detail=f"number {number:03}") for number in range(120)]
    seen, path = [], PAGE
    while path:
        page = signed_in.get(path)
        seen += [event.pk for event in page.context["events"]]
        path = page.context["older"]
    assert seen == sorted(seen, reverse=True)
    assert {event.pk for event in made} <= set(seen)
    assert len(seen) == 121


def test_others_see_nothing_of_it(user, signed_in, admin):
    events.record(admin, Kind.PASSKEY_ADDED, detail="secret key of root")
    assert "secret key of root" not in signed_in.page(PAGE)


@pytest.mark.parametrize("before", ["x", "-1", "0", "1e9", "9" * 18, "9" * 19, "9" * 500, "٣", "²", ""])
def test_a_made_up_place_breaks_nothing(signed_in, before):
    assert signed_in.get(PAGE, {"before": before}).status_code == 200


def test_the_fragment_is_the_list_alone(signed_in):
    assert "<html" not in signed_in.page(PAGE, headers={"hx-request": "true"})


def test_strangers_see_no_events(browser):
    assert browser.get(PAGE).status_code == 302


def test_the_list_is_read_only(signed_in):
    assert signed_in.post(PAGE).status_code == 405


@pytest.mark.parametrize("kind", sorted(Kind))
def test_every_kind_is_shown_in_words(user, signed_in, kind):
    events.record(user, kind)
    assert str(Kind(kind).label) in signed_in.page(PAGE).replace("&#x27;", "'")
