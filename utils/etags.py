"""Entity tags of what is stored, and the preconditions that a request makes of them (RFC 9110 sections 8.8.3, 13.1)."""

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
    """An ``If-Match`` header (RFC 9110 section 13.1.1); ``header`` is ``None`` when the request has none."""

    header: str | None = None

    @property
    def names_versions(self) -> bool:
        """Whether it lists versions, instead of allowing any (``*``, or no header)."""
        return self.header is not None and self.header.strip() != ANY

    def require(self, version: int) -> None:
        """Raise :class:`VersionConflictException` unless the header allows ``version``.

        Weak tags never match (strong comparison), and a header that cannot be read allows no version.
        """
        if self.names_versions and ("", _etag(version)) not in _tags(self.header):
            raise VersionConflictException


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether a caller with this ``If-None-Match`` header has ``version`` already (RFC 9110 section 13.1.2).

    Weak tags match too (weak comparison).
    """
    if if_none_match is None:
        return False
    return if_none_match.strip() == ANY or _etag(version) in {tag for _, tag in _tags(if_none_match)}


def _etag(version: int) -> str:
    return f'"v{version}"'


def _tags(header: str | None) -> list[tuple[str, str]]:
    """The entity tags in a list, each as (``W/`` or nothing, quoted tag); none when the header is no such list."""
    text = header or ""
    elements = {element.strip(" \t") for element in _TAG.sub('""', text).split(",")}
    return _TAG.findall(text) if elements <= {"", '""'} else []
