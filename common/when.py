"""How moments and days are said: in the account's timezone and the order of the language."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import get_language, gettext, ngettext

MINUTE, HOUR = 60, 3600


def short_day(day: date) -> str:
    """Return day and month in the order of the language ("4 Dec", "12月4日")."""
    return date_format(day, "n月j日" if (get_language() or "").startswith("zh") else "j M")


def day(moment: date) -> str:
    """Return a full date in the order of the language ("4 Dec 2026", "2026年12月4日")."""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment).date()
    return date_format(moment, "Y年n月j日" if (get_language() or "").startswith("zh") else "j M Y")


def clock(when: datetime) -> str:
    """Return date and time to the second."""
    local = timezone.localtime(when)
    return f"{day(local)} {time_format(local, 'H:i:s')}"


def ago(when: datetime) -> str:
    """Return how long ago a moment was, as people say it; the date once it is older than yesterday."""
    seconds = int((timezone.now() - when).total_seconds())
    if seconds < MINUTE:
        return gettext("Just now")
    if seconds < HOUR:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", seconds // MINUTE) % {"n": seconds // MINUTE}
    if timezone.localdate(when) == timezone.localdate():
        return ngettext("%(n)s hour ago", "%(n)s hours ago", seconds // HOUR) % {"n": seconds // HOUR}
    if timezone.localdate(when) == timezone.localdate() - timedelta(days=1):
        return gettext("Yesterday")
    return day(when)


def distance(when: datetime) -> str:
    """Return how many days lie between now and `when` ("in 12 days", "19 days ago")."""
    days = (timezone.localdate(when) - timezone.localdate()).days
    if days == 0:
        return gettext("today")
    if days > 0:
        return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    return ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}
