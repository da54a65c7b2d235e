"""URLs shown to who may see them: the parts that are keys stay hidden, and what comes back unchanged means the same."""

import re
from urllib.parse import urlsplit, urlunsplit

LONG = 12  # characters: what is as long as that, and no placeholder, may be a key
HINT = 2
KEY = re.compile(rf"[^/?&={{}}]{{{LONG},}}")


def veiled(url: str) -> str:
    """Return a URL with the first characters of its keys only ("https://api.day.app/Qx…/{{title}}")."""
    parts = urlsplit(url)
    hidden = [KEY.sub(lambda found: f"{found[0][:HINT]}…", part) for part in (parts.path, parts.query)]
    return urlunsplit((parts.scheme, parts.netloc, *hidden, ""))


def unveiled(entered: str, known: str) -> str:
    """Return what a form means: the known URL where it came back veiled, or where nothing was entered."""
    return known if entered in {"", veiled(known)} else entered
