"""A way through pages in a browser that watches for whatever became of a text."""

import json
from dataclasses import dataclass, field

from playwright.sync_api import Page

from tests.journeys.conftest import Tab

ALL_IN_ONE = """"'></title></textarea><img src=x data-x onerror=alert(1)><script data-x>alert(1)</script>{{7*7}}"""
INJECTED = """[...document.querySelectorAll('*')].filter((node) => node.hasAttribute('data-x')
    || [...node.attributes].some(({ name, value }) => name.startsWith('on') || /^\\s*javascript:/i.test(value)
        && ['href', 'src', 'action', 'formaction', 'xlink:href', 'data'].includes(name))
    || node.localName === 'script' && !node.src && node.textContent.includes('alert(')
).map((node) => node.outerHTML.slice(0, 300))"""
READ = """[document.title, document.documentElement.textContent,
    ...[...document.querySelectorAll('input, textarea')].map((node) => node.value),
    ...[...document.querySelectorAll('[title], [aria-label], [alt], [data-values], [data-chart]')].flatMap((node) =>
        ['title', 'aria-label', 'alt', 'data-chart'].map((name) => node.getAttribute(name) ?? ''))
].map((text) => text.replace(/\\s+/g, ' '))"""
# puts a text into every field of a form (by number, -1 only counts them) and sends it past the browser's own checks
FILL = """([text, number]) => {
    const forms = [...document.querySelectorAll('form')].filter((form) => form.querySelector(
        'input:not([type]), input[type=text], input[type=search], input[type=email], input[type=url], textarea')
        && !form.hasAttribute('hx-post') && form.method !== 'dialog');
    if (number < 0) return forms.length;
    const form = forms[number];
    for (const field of form.elements) if (field.matches(
        'input:not([type]), input[type=text], input[type=search], input[type=email], input[type=url], textarea')
        && field.name !== 'username') field.value = text;
    form.noValidate = true;
    HTMLFormElement.prototype.submit.call(form);
}"""


@dataclass
class Walk:
    """A browser's way through pages, and what went wrong on it."""

    page: Page
    faults: list[str] = field(default_factory=list)
    pages: int = 0
    read: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("dialog", self._alarm)

    def _alarm(self, dialog) -> None:
        self.faults.append(f"{self.page.url} opened a dialog: {dialog.message}")
        dialog.dismiss()

    def look(self) -> None:
        """Read the page that is open."""
        self.pages += 1
        self.faults += [f"{self.page.url} has {node}" for node in self.page.evaluate(INJECTED)]
        self.read.update(self.page.evaluate(READ))

    def reads(self, text: str) -> bool:
        """Return whether some page said this, or said it as JSON does."""
        forms = {text, json.dumps(text)[1:-1]}
        return any(form in said for said in self.read for form in forms)


def shown(tab: Tab, paths: dict[str, str]) -> dict[str, str]:
    """Return those that answer with a page."""
    found = {}
    for name, path in paths.items():
        answer = tab.page.context.request.get(tab.url + path, max_redirects=0)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.body():
            assert answer.status < 500, path
            found[name] = path
    return found
