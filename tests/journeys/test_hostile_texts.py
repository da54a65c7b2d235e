"""What people, administrators, providers and upstreams may write, in every column, on every page: text, and no more."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.journeys.conftest import Tab, sign_in
from tests.journeys.hostile import TEXTS
from tests.journeys.test_pages import PAIRED, open_as
from tests.journeys.walk import ALL_IN_ONE, FILL, Walk, shown
from tests.scale import scaled
from tests.serving import Server

pytestmark = pytest.mark.e2e

RUN = "from tests.journeys import hostile; hostile.{call}"
# columns whose text somebody must have seen on the way through the pages, or the walk would prove nothing
SHOWN = {
    *("accounts.User.username", "accounts.User.email", "accounts.Group.name", "accounts.Provider.name"),
    *("accounts.Provider.issuer", "accounts.Provider.client_id", "accounts.Invite.email", "accounts.Invite.invited_by"),
    *("accounts.SignupPolicy.domains", "accounts.Group.allowed_models", "admin.LogEntry.object_repr"),
    *("gateway.ApiKey.name", "gateway.ApiKey.allowed_models", "gateway.ApiKey.subnets", "gateway.Channel.name"),
    *("gateway.Channel.base_url", "gateway.Channel.headers", "gateway.Channel.forward", "gateway.Channel.allow"),
    *("gateway.ChannelKey.last_error", "gateway.Route.model", "gateway.Route.upstream_model"),
    *("pricing.Price.model", "pricing.Price.channel", "pricing.Price.source"),
    *("notifications.Delivery.subject", "notifications.Delivery.result", "socialaccount.SocialAccount.extra_data"),
    *("security.AccessToken.name", "security.AccessToken.scopes", "security.Passkey.name", "security.Session.agent"),
    *("security.Event.actor", "security.Event.reason", "security.Event.detail"),
    *("usage.CallLog.model", "usage.CallLog.api_key", "usage.CallLog.channel", "usage.CallLog.reason"),
    *("usage.CallLog.code", "usage.HourlyUsage.model", "wallet.Hold.model", "wallet.Hold.api_key"),
    *("wallet.LedgerEntry.note", "wallet.LedgerEntry.reference", "notifications.Method.target"),
    *("notifications.Method.last_result", "notifications.Delivery.tries"),
}
OFTEN_SHOWN = {
    *(
        "overview",
        "keys",
        "usage_log",
        "wallet",
        "settings_profile",
        "security",
        "security_events",
        "sessions",
        "tokens",
    ),
    *("passkeys", "key_delete", "token_revoke", "passkey_name", "passkey_remove", "admin:index"),
    *("admin:accounts_user_change", "admin:gateway_channel_change", "admin:security_event_changelist"),
}
# what would end the session, or the account
LEAVES = {"settings_delete", "session_end", "sessions_end_others", "account_logout", "admin:logout"}


@pytest.fixture(scope="module")
def besieged() -> Iterator[Server]:
    """An installation of its own, whose texts will all be hostile."""
    with Server(TOLLGATE_SIGNUP="open", TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8,::1/128") as server:
        yield server


@pytest.fixture(scope="module")
def site(besieged) -> dict[str, str]:
    """Every page of the site, by its name."""
    found: dict[str, str] = json.loads(besieged.manage("shell", "-v", "0", "-c", RUN.format(call="fill()")))
    return found


@pytest.fixture(scope="module")
def administrator(browser, besieged, site):
    return sign_in(browser, besieged.url)


@pytest.fixture
def write(besieged, site):
    def write(kind: str) -> dict[str, list[str]]:
        told = besieged.manage("shell", "-v", "0", "-c", RUN.format(call=f"write({kind!r})"))
        return dict(json.loads(told))

    return write


@dataclass
class Visitor:
    """Somebody with a browser, and the pages there are for them."""

    tab: Tab
    pages: dict[str, str]

    def walk(self) -> Walk:
        """Open every page as a browser does: scripts, policy and all."""
        walk = Walk(self.tab.page)
        for path in self.pages.values():
            answer = self.tab.page.goto(self.tab.url + path)
            assert answer is not None
            assert answer.status < 500, path
            walk.look()
        self.tab.page.wait_for_load_state("networkidle")
        walk.faults += [fault for fault in self.tab.faults if "responded with a status of 4" not in fault]
        self.tab.faults.clear()
        return walk


@pytest.fixture(scope="module")
def visitors(browser, besieged, site, administrator) -> Iterator[tuple[Visitor, Visitor]]:
    """The administrator, to whom all the texts belong, and a stranger."""
    found = []
    for known in (True, False):
        context = browser.new_context(reduced_motion="reduce")
        context.add_cookies(administrator if known else [])
        tab = Tab(context.new_page(), besieged.url)
        found.append(Visitor(tab, shown(tab, site)))
    yield found[0], found[1]
    for visitor in found:
        visitor.tab.page.context.close()


@pytest.mark.req("I3")
@pytest.mark.parametrize("look", PAIRED[: scaled(len(PAIRED))], ids="-".join)
def test_every_page_of_the_map_is_sound(browser, besieged, site, administrator, look):
    """Names are as long as they may be here, and without a blank at which a line could end."""
    tab = open_as(browser, besieged, administrator, look)
    for name, path in shown(tab, site).items():
        answer = tab.page.goto(tab.url + path)
        assert answer is not None
        tab.expect(answer.status)
        tab.check(f"map-{name.replace(':', '-')}-{'-'.join(look)}", preload=not name.startswith("admin:"))
    tab.page.context.close()


@pytest.mark.req("I3", "I10")
@pytest.mark.parametrize("kind", list(TEXTS)[: scaled(len(TEXTS), least=2)])
def test_every_text_of_every_column_is_shown_as_text(visitors, write, capsys, kind):
    told = write(kind)
    inside, outside = (visitor.walk() for visitor in visitors)
    seen = {place for place, texts in told.items() if any(inside.reads(text) for text in texts)}
    with capsys.disabled():
        print(f"\n{kind}: {inside.pages} + {outside.pages} pages, {len(seen)} of {len(told)} columns shown")  # noqa: T201
    assert inside.faults + outside.faults == []
    assert inside.pages > 90
    assert SHOWN - seen == set()


@pytest.mark.req("I10")
def test_nothing_runs_where_a_browser_has_no_policy(browser, besieged, site, administrator, write):
    for kind in ("script", "element", "attribute"):
        write(kind)
        context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
        context.add_cookies(administrator)
        seen = Walk(context.new_page())
        for name, path in site.items():
            if name in OFTEN_SHOWN:
                seen.page.goto(besieged.url + path)
                seen.look()
        seen.page.goto(besieged.url + site["overview"])
        seen.page.locator(".bar").last.hover()
        seen.look()
        assert seen.faults == []
        assert seen.pages == len(OFTEN_SHOWN) + 1
        context.close()


@pytest.mark.req("I3", "I10")
def test_what_a_form_gives_back_is_text(browser, besieged, site, administrator, write, capsys):
    """Each form is sent with the text in every field: a refusal shows it again, and what takes it shows it at once."""
    write("entities")
    context = browser.new_context(reduced_motion="reduce")
    context.add_cookies(administrator)
    tab, sent = Tab(context.new_page(), besieged.url), 0
    seen = Walk(tab.page)
    for path in shown(tab, {name: path for name, path in site.items() if name not in LEAVES}).values():
        tab.page.goto(tab.url + path)
        for number in range(tab.page.evaluate(FILL, [ALL_IN_ONE, -1])):
            tab.page.goto(tab.url + path)
            with tab.page.expect_navigation():
                tab.page.evaluate(FILL, [ALL_IN_ONE, number])
            seen.look()
            sent += 1
    with capsys.disabled():
        print(f"\nforms: {sent} sent in the browser")  # noqa: T201 (a figure to report)
    assert seen.faults == []
    assert [fault for fault in tab.faults if "responded with a status of 4" not in fault] == []
    assert sent > 30
    assert seen.reads(ALL_IN_ONE)
    context.close()


@pytest.mark.req("I3", "I10")
def test_what_an_address_says_is_text(browser, besieged, site, administrator):
    context = browser.new_context(reduced_motion="reduce")
    context.add_cookies(administrator)
    tab, text = Tab(context.new_page(), besieged.url), quote(ALL_IN_ONE)
    seen = Walk(tab.page)
    asked = [f"{site[name]}?{name}={text}" for name in ("keys", "usage_log", "overview", "security_events", "wallet")]
    asked += [f"/keys/?q={text}&status={text}", f"/logs/usage/?model={text}&key={text}&status={text}&request_id={text}"]
    asked += [f"/{text}/", f"/settings/{text}/", f"/accounts/login/?next={text}", f"/setup/?token={text}"]
    asked += [f"/admin/{text}/", f"/admin/accounts/user/{text}/change/", f"/admin/accounts/user/act/{text}/"]
    asked += [f"/admin/{model}/?q={text}" for model in ("accounts/user", "gateway/channel", "usage/calllog")]
    asked += [f"/accounts/password/reset/key/1-{text}/", f"/accounts/link/?token={text}"]
    for path in asked:
        answer = tab.page.goto(tab.url + path)
        assert answer is not None
        assert answer.status < 500, path
        seen.look()
    assert seen.faults == []
    assert [fault for fault in tab.faults if "responded with a status of 4" not in fault] == []
    assert seen.reads(ALL_IN_ONE)
    context.close()
