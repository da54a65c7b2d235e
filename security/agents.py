"""What a browser calls itself, in words: "Firefox on Linux". Versions are left out: they would tell people apart."""

import re

from django.utils.translation import gettext as _

LONGEST = 500  # characters of a header that are looked at

# the first that is found counts: most browsers also claim to be those below them
BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/"),
    ("Safari", r"\bVersion/[\d.]+.*\bSafari/"),
    ("curl", r"^curl/"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
PHONES = ("iPhone", "Android")


def describe(user_agent: str) -> str:
    """Return browser and system of a User-Agent header, one of them where only one is known, or nothing."""
    text = user_agent[:LONGEST]
    return " on ".join(name for name in (_first(BROWSERS, text), _first(SYSTEMS, text)) if name)


def spoken(agent: str) -> str:
    """Return what `describe` said in the reader's language; any other text stays as it is."""
    browser, found, system = agent.partition(" on ")
    known = browser in {name for name, _shape in BROWSERS} and system in {name for name, _shape in SYSTEMS}
    if not found or not known:
        return agent
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}


def handheld(agent: str) -> bool:
    """Return whether what `describe` said is a phone."""
    return agent.endswith(PHONES)


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, shape in names if re.search(shape, text)), "")
