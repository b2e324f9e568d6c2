"""The correlation id and the trace context that a caller sends, for its log lines and ours to be found together."""

import re
from collections.abc import Mapping
from typing import Any, Final

_CORRELATION_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT: Final = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{1,128})?"
)
"""W3C Trace Context: only what comes after version 00 may be longer, and ``ff`` is no version."""


def correlation_id(headers: Mapping[str, Any]) -> str | None:
    """The ``X-Correlation-Id`` in ``headers``, whose names are lower-case.

    ``None`` when it is absent or not 1 to 128 visible ASCII characters.
    """
    return _matching(_CORRELATION_ID, headers.get("x-correlation-id"))


def traceparent(headers: Mapping[str, Any]) -> str | None:
    """The ``traceparent``; ``None`` when it is absent or not one by W3C Trace Context."""
    return _matching(_TRACEPARENT, headers.get("traceparent"))


def _matching(pattern: re.Pattern[str], value: Any) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
