"""What a browser reads of a page before it sends a form, for clients that are none."""

import re

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def token(page: str) -> str:
    """Return the token of the page's form."""
    found = TOKEN.search(page)
    assert found, f"no form on:\n{page[:2000]}"
    return found[1]
