"""What schemathesis cannot know of the emulator by its document; it loads this module by itself."""

import atexit
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import schemathesis
from email_validator import EmailNotValidError, validate_email
from hypothesis import strategies as st

USER = "testuser"
PASSWORD = "password123"
OPERATED = "fuzzed"
"""What the names of all sandboxes begin with that are operated: the default one and those of guides are others'."""

_SANDBOX = re.compile(r"[a-z0-9-]{1,64}")
_LONGEST_KEY = 255
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,15}")
_FAULT = re.compile(r"(status|malformed|timeout|stale|lost_response|delay_ms)\b")
_PAST = "2025-01-01T00:00:00Z"
"""No match is of the future, of which examples of clocks tell."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_turns = count()
_statuses: Counter[int] = Counter()


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _as_rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


schemathesis.openapi.format("email", st.emails().filter(_is_address))
schemathesis.openapi.format(
    "date-time",
    # No match is of the future.
    st.datetimes(datetime(1970, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC)).map(_as_rfc3339),  # noqa: DTZ001
)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Let requests get past what they would only be refused for, and nobody be locked out who logs in elsewhere, nor
    lose what a sandbox has.

    No fault is asked for but one that changes nothing, and no key is good for two requests. Every other time the
    version is any, and the player one that there is not yet.
    """
    once = uuid4().hex[:8]
    body = case.body if isinstance(case.body, dict) else {}
    key = case.headers.get("Idempotency-Key")
    if key and len(key) <= _LONGEST_KEY:
        case.headers["Idempotency-Key"] = f"{key}{once}"[-_LONGEST_KEY:]
    if _FAULT.match(case.headers.get("X-Emulator-Fault") or ""):
        case.headers["X-Emulator-Fault"] = "delay_ms=0"
    if _MOMENT.fullmatch(played_at := str(body.get("played_at"))) and played_at > _PAST:
        body["played_at"] = _PAST
    if case.path.startswith("/players") and next(_turns) % 2:
        if case.headers.get("If-Match"):
            case.headers["If-Match"] = "*"
        if _USERNAME.fullmatch(str(body.get("username", ""))):
            body["username"] = f"P-{once}"
        if _is_address(str(body.get("email", ""))):
            body["email"] = f"{once}@example.com"
    if case.path.startswith("/_emulator"):
        case.headers["X-Sandbox"] = _operated(case.headers.get("X-Sandbox", OPERATED))
        if "name" in case.path_parameters:
            case.path_parameters["name"] = _operated(case.path_parameters["name"])
    if body.get("username") == USER and body.get("password") != PASSWORD:
        body["username"] = "nobody"
    if body.get("client_secret") and body["client_secret"] != f"{body.get('client_id')}-secret":
        body["client_id"] = "nobody"


def _operated(name: Any) -> Any:
    """``name``, if it can be a sandbox's, as one that nobody else uses."""
    if not (isinstance(name, str) and _SANDBOX.fullmatch(name)) or name.startswith(OPERATED):
        return name
    return f"{OPERATED}-{name}"[:64]


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    """Count the answer by its status."""
    _statuses[response.status_code] += 1


@atexit.register
def _report() -> None:
    Path(os.environ["STATUSES"]).write_text(json.dumps(_statuses), encoding="utf-8")
