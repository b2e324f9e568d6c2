"""The one logger: a JSON line a record, with the keys that a search starts from, and nothing secret.

Every line of a request has ``service``, ``image_tag``, ``release``, ``sandbox``, ``request_id`` and
``correlation_id``. Code never logs a password, token or e-mail address on purpose; the serializer masks what slips
through, in a library's error text for instance.
"""

import json
import re
from typing import Any

from aws_lambda_powertools.logging import Logger

_MASKS = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic) +[\w.~+/=-]+"), r"\1 [masked]"),
    (re.compile(r"[^\s\"'<>@,;:\\]+@[^\s\"'<>@,;:\\]+\.[^\s\"'<>@,;:\\.]+"), "[e-mail]"),
    (
        re.compile(r'(?i)("[^"]*(?:password|secret|_token|authorization|cookie)[^"]*": *)"(?:[^"\\]|\\.)*"'),
        r'\1"[masked]"',
    ),
)


def masked(text: str) -> str:
    """``text`` without e-mail addresses, JWTs, credentials of headers and the values of secret JSON keys."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def _serialize(record: dict[str, Any]) -> str:
    return masked(json.dumps(record, default=str, ensure_ascii=False))


logger = Logger(json_serializer=_serialize, use_rfc3339=True, utc=True, serialize_stacktrace=False)
"""Import this one; its service name and level come from the environment as Powertools reads it."""
