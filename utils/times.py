"""Times as text: RFC 3339 in UTC."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def rfc3339(moment: datetime) -> str:
    """An aware ``moment`` in UTC with milliseconds and ``Z``, of fixed width, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """The moment that ``text`` names, aware and in UTC; ``ValueError`` when it is not by RFC 3339."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("not a time by RFC 3339")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 0001 to 9999") from None
