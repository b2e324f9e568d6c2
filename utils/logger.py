"""The one logger: one JSON line a record, with secrets masked.

Every line of a request has ``service``, ``image_tag``, ``release``, ``sandbox``, ``request_id`` and
``correlation_id``. Code never logs a password, token or e-mail address on purpose; the serializer masks those that
get into a line all the same, for example in a library's error text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.logging import Logger

_HIDDEN: Final = "password|secret|_token|authorization|cookie"
_HIDDEN_NAME: Final = re.compile(_HIDDEN, re.IGNORECASE)
_MASKS: Final = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic) +[\w.~+/=-]+"), r"\1 [masked]"),
    (re.compile(r"[^\s\"'<>@,;:\\]+@[^\s\"'<>@,;:\\]+\.[^\s\"'<>@,;:\\.]+"), "[e-mail]"),
    (re.compile(rf'(?i)("[^"]*(?:{_HIDDEN})[^"]*": *)"(?:[^"\\]|\\.)*"'), r'\1"[masked]"'),
)


def masked(text: str) -> str:
    """``text`` without e-mail addresses, JWTs, credentials of headers and the values of secret JSON keys."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def _serialize(record: dict[str, Any]) -> str:
    return json.dumps(_shown(record), ensure_ascii=False)


def _shown(value: Any) -> Any:
    """``value`` in JSON's types, every text masked.

    Masked before JSON escapes it: an escaped newline before a secret would hide where the secret begins, and a mask
    that takes the ``n`` of ``\\n`` away would leave no JSON.
    """
    match value:
        case Mapping():
            return {masked(str(name)): _shown_under(str(name), member) for name, member in value.items()}
        case list() | tuple():
            return [_shown(element) for element in value]
        case None | bool() | int() | float():
            return value
    return masked(str(value))


def _shown_under(name: str, value: Any) -> Any:
    return "[masked]" if isinstance(value, str) and _HIDDEN_NAME.search(name) else _shown(value)


logger = Logger(json_serializer=_serialize, use_rfc3339=True, utc=True, serialize_stacktrace=False)
"""Import this one; its service name and level come from the environment as Powertools reads it."""
