"""How easily a password is guessed: by the cheapest way to spell it out of what guessers try first.

Lists of common passwords hardly reach past twelve characters: of the 19,640 that Django ships under its BSD licence, 48
have fifteen. Under a rule of length people stretch the short ones: twice, with a year, along the keyboard, with the
name of the site. So a password is taken apart into common words (Django's list, and data/phrases.txt, written
for this project), names of the account and the site, runs, walks over the keyboard, repetitions, years and single
characters; each piece costs some bits, and the cheapest sum counts. The network is not asked, and no kind of character
is demanded: what is random passes, however it is composed.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User

LONGEST = 256  # characters; more costs time and adds nothing
LONG = 15  # characters; shorter ones are for accounts with a second factor
ENOUGH = 36.0  # bits of a long one: two common words and a figure are not, three are
ENOUGH_IF_SHORT = 25.0  # a common word and two figures are not; eight random characters are
PHRASES = Path(__file__).parent / "data/phrases.txt"

# bits of each kind of piece
COMMON, CONTEXT, RUN, YEAR, AGAIN = 14.0, 3.0, 6.0, 7.0, 2.0
SEPARATOR, CHARACTER, REVERSED = 3.0, 5.0, 1.0

SHORTEST_WORD, LONGEST_WORD, SHORTEST_WALK = 4, 40, 4
SHORTEST_OWN = 3  # characters of a name that count as a word
ROWS = ("`1234567890-=", " qwertyuiop[]", " asdfghjkl;'", " zxcvbnm,./")
KEYS = {key: (row, column) for row, keys in enumerate(ROWS) for column, key in enumerate(keys) if key != " "}
LEET = str.maketrans("@4830!1$57", "aabeoiists")  # "p@ssw0rd"
UNSHIFTED = str.maketrans('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./")
PARTS = re.compile(r"[^\w]+|_")
YEARS = re.compile(r"(?:19|20)\d\d")
SEPARATORS = frozenset(" ._-@!,+/")

Piece = tuple[int, float]  # where it ends, and its bits


def bits(password: str, names: Collection[str] = ()) -> float:
    """Return by how many bits of guessing a password is found at most; the account's own `names` are nearly free."""
    text = password.casefold()[:LONGEST]
    own = frozenset(word.casefold() for word in names)
    best = [0.0] + [float("inf")] * len(text)
    for start in range(len(text)):
        for end, cost in _pieces(text, start, own):
            best[end] = min(best[end], best[start] + cost)
    return best[-1]


def validate_unguessable(password: str, names: Collection[str] = ()) -> None:
    """Raise ValidationError for a password that is guessed soon."""
    enough = ENOUGH if len(password) >= LONG else ENOUGH_IF_SHORT
    if bits(password, names) < enough:
        raise ValidationError(
            _("This password is too easily guessed. Take four or more words that do not belong together."),
            code="password_too_common",
        )


def context(user: User | None) -> set[str]:
    """Return the words that belong to this site and to an account: names, addresses, and the parts of both."""
    wholes = [str(settings.SITE_NAME), urlsplit(settings.BASE_URL).hostname or ""]
    if user is not None:
        wholes += [user.username, user.email, *user.email.split("@")]
    return {word for whole in wholes for word in (whole, *PARTS.split(whole)) if len(word) >= SHORTEST_OWN}


class Unguessable:
    """Validator of AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password that is guessed soon, by strangers or by who knows the account."""
        validate_unguessable(password, context(user))

    def get_help_text(self) -> str:
        """Return what people are told before they choose."""
        return _("Four or more words that do not belong together are hard to guess and easy to keep.")


def _pieces(text: str, start: int, own: frozenset[str]) -> Iterator[Piece]:
    """Yield every piece that begins at `start`."""
    yield start + 1, SEPARATOR if text[start] in SEPARATORS else CHARACTER
    if YEARS.match(text, start):
        yield start + 4, YEAR
    yield from _words(text, start, own)
    yield from _run(text, start)
    yield from _walk(text, start)
    yield from _repetitions(text, start)


def _words(text: str, start: int, own: frozenset[str]) -> Iterator[Piece]:
    """Yield words: as they are, with figures for letters, backwards."""
    for end in range(start + SHORTEST_OWN, min(len(text), start + LONGEST_WORD) + 1):
        piece = text[start:end]
        plain, backwards = piece.translate(LEET), piece[::-1]
        if not own.isdisjoint((piece, plain, backwards)):
            yield end, CONTEXT
        elif end - start >= SHORTEST_WORD:
            if piece in common() or plain in common():
                yield end, COMMON
            elif backwards in common():
                yield end, COMMON + REVERSED


def _run(text: str, start: int) -> Iterator[Piece]:
    """Yield "aaa", "abcd", "9876": the same step again and again."""
    end, step = start + 1, None
    while end < len(text):
        forward = ord(text[end]) - ord(text[end - 1])
        if abs(forward) > 1 or step not in {None, forward}:
            break
        end, step = end + 1, forward
        if end - start > 2:  # noqa: PLR2004 (two characters are no run)
            yield end, RUN


def _walk(text: str, start: int) -> Iterator[Piece]:
    """Yield "qwertz", "1q2w3e", "!qaz": each key beside the one before it."""
    keys = text[start : start + LONGEST_WORD].translate(UNSHIFTED)
    for length in range(1, len(keys)):
        if not _adjacent(keys[length - 1], keys[length]):
            break
        if length + 1 >= SHORTEST_WALK:
            yield start + length + 1, RUN + length / 2


def _adjacent(one: str, other: str) -> bool:
    (row, column), (row2, column2) = KEYS.get(one, (9, 9)), KEYS.get(other, (-9, -9))
    return abs(row - row2) <= 1 and abs(column - column2) <= 1


def _repetitions(text: str, start: int) -> Iterator[Piece]:
    """Yield what was just said, again and again."""
    for length in range(1, start + 1):
        said, end = text[start - length : start], start
        while text.startswith(said, end):
            end += length
            yield end, AGAIN


@cache
def common() -> frozenset[str]:
    """Return common passwords and phrases, in lower case."""
    return frozenset(CommonPasswordValidator().passwords | set(PHRASES.read_text().split()))
