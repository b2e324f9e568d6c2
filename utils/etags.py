"""Versions of what is stored, as entity tags; what a request may demand of them (RFC 9110 sections 8.8.3 and 13.1)."""

import re
from dataclasses import dataclass

from utils.errors import VersionConflictException

ANY = "*"

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Versioned[T]:
    """A value and the number of its version, which every change counts up."""

    value: T
    version: int

    @property
    def etag(self) -> str:
        """The version as a strong entity tag."""
        return _etag(self.version)


@dataclass(frozen=True, slots=True)
class IfMatch:
    """What an ``If-Match`` header demands, ``None`` when there is none: the version is one of these, or is at all."""

    header: str | None = None

    @property
    def names_versions(self) -> bool:
        """Whether it allows some versions only."""
        return self.header is not None and self.header.strip() != ANY

    def require(self, version: int) -> None:
        """Raise :class:`VersionConflictException` unless ``version`` is allowed.

        Weak tags never match here, and a header that cannot be read allows nothing.
        """
        if self.names_versions and ("", _etag(version)) not in _tags(self.header):
            raise VersionConflictException


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether a caller with this ``If-None-Match`` header has ``version`` already; weak tags are as good."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == ANY or _etag(version) in {tag for _, tag in _tags(if_none_match)}


def _etag(version: int) -> str:
    return f'"v{version}"'


def _tags(header: str | None) -> list[tuple[str, str]]:
    """The tags of a list, each with its mark of weakness; none when it is no such list."""
    text = header or ""
    elements = {one.strip(" \t") for one in _TAG.sub('""', text).split(",")}
    return _TAG.findall(text) if elements <= {"", '""'} else []
