"""Walking a page with the Tab key, as who has no mouse does."""

from playwright.sync_api import Locator, Page

FARTHEST = 120  # presses


def reach(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus, and fail if it never gets it."""
    for _ in range(FARTHEST):
        if target.count() and target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")


def press(page: Page, target: Locator) -> None:
    """Go to a link or a button, and press it."""
    reach(page, target)
    page.keyboard.press("Enter")


def write(page: Page, target: Locator, text: str) -> None:
    """Go to a field, and write into it."""
    reach(page, target)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
