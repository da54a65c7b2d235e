"""What a mail about an account says, whatever it is about."""

from collections.abc import Mapping
from dataclasses import dataclass

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Text:
    """A subject, paragraphs, and the page where something can be done about it, by its name or its address."""

    subject: str
    paragraphs: tuple[str, ...]
    urlname: str
    action: str
    url: str = ""  # of a page that has no name: a link of its own
