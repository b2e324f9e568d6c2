"""Asks an emulator over HTTP, as its administrator."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

ANSWER_SECONDS = 40
"""How long an answer may take; the longest that the emulator waits itself is 20 seconds."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SCOPE = "emulator:admin"


class EmulatorError(Exception):
    """The emulator does not answer, or refuses; the text is one line.

    ``status`` is the answer's, ``None`` where there is none, ``problem`` its body (RFC 9457) where that is JSON.
    """

    def __init__(self, cause: str, status: int | None = None, problem: Any = None) -> None:
        super().__init__(cause)
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str | None:
        """The ``code`` of the problem, such as ``sandbox_not_found``."""
        return self.problem.get("code") if isinstance(self.problem, dict) else None


@dataclass(frozen=True)
class Login:
    """Who operates the emulator: the bearer of ``token``, or else the user; by default the administrator that local
    stacks and ``psn-partner-emulator serve`` come with."""

    user: str = "admin"
    password: str = "admin123"  # noqa: S105 - the documented one of local stacks
    token: str | None = None

    @classmethod
    def of_environment(cls) -> "Login":
        """As ``PSN_EMULATOR_TOKEN``, or ``PSN_EMULATOR_USER`` and ``PSN_EMULATOR_PASSWORD``, say."""
        default = cls()
        return cls(
            os.environ.get("PSN_EMULATOR_USER") or default.user,
            os.environ.get("PSN_EMULATOR_PASSWORD") or default.password,
            os.environ.get("PSN_EMULATOR_TOKEN") or None,
        )


class Api:
    """The API at ``url``, asked as its administrator; the token is had on first use, and again when it has ended."""

    def __init__(self, url: str, login: Login | None = None) -> None:
        self.url = url.rstrip("/")
        if urlsplit(self.url).scheme not in {"http", "https"}:
            raise EmulatorError(f"{url!r} is no URL of an emulator, such as http://localhost:8080")
        self._login = login or Login.of_environment()
        self._token = self._login.token
        self._is_here = urlsplit(self.url).hostname in _LOOPBACK
        proxies = [urllib.request.ProxyHandler({})] if self._is_here else []
        self._opener = urllib.request.build_opener(_Unfollowed, *proxies)

    def operate(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """What ``method`` of ``path`` answers an administrator: the JSON, ``None`` where there is none.

        Of ``query`` what is ``None`` is left out. Raises ``EmulatorError``.
        """
        named = {name: value for name, value in query.items() if value is not None}
        target = f"{path}?{urlencode(named)}" if named else path
        for _ in range(2):
            token = self._token or self._log_in()
            try:
                return self._send(method, target, body, token)
            except EmulatorError as error:
                if error.status not in {401, 403} or self._login.token is not None or self._token is None:
                    raise
                self._token = None
        return self._send(method, target, body, self._log_in())

    def _log_in(self) -> str:
        login = {"username": self._login.user, "password": self._login.password, "scope": _SCOPE}
        token = str(self._send("POST", "/auth/token", login)["access_token"])
        self._token = token
        return token

    def _send(self, method: str, target: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, default=_text).encode()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = self.url + target
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - http or https
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                content = answer.read()
                return json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            with error:
                problem = _parsed(error.read())
            cause = f"{method} {url} was answered with {error.code}: {_reason(problem)}"
            raise EmulatorError(cause, error.code, problem) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            remedy = "; psn-partner-emulator serve starts one" if self._is_here else ""
            raise EmulatorError(
                f"{self.url} does not answer: {getattr(reason, 'strerror', None) or reason}{remedy}"
            ) from error


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which the API has none of: the token and the password are for its origin alone."""

    def redirect_request(self, *_: Any) -> None:
        """None, which has the redirect be told as a refusal."""


def segment(text: str) -> str:
    """``text`` as one segment of a path."""
    return quote(text, safe="")


def duration(length: timedelta | float | str) -> str:
    """``length`` as an ISO 8601 duration: that of a ``timedelta``, seconds, or what is one already."""
    if isinstance(length, str):
        return length
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    text = f"{abs(seconds):.6f}".rstrip("0").rstrip(".")
    return f"{'-' if seconds < 0 else ''}PT{text}S"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _reason(problem: Any) -> str:
    """What a refusal says: its faults, its detail, or its words."""
    if not isinstance(problem, dict):
        return "no more is known"
    faults = [f"{fault.get('field')}: {fault.get('message')}" for fault in problem.get("errors") or ()]
    said = [problem.get(name) for name in ("detail", "error_description", "message", "error")]
    return "; ".join(faults) or next((str(text) for text in said if text), "no more is known")


def _text(value: object) -> str:
    """A date or a time, which Python and YAML know and JSON does not."""
    if isinstance(value, date):
        return value.isoformat()
    raise EmulatorError(f"A {type(value).__name__} has no JSON form: {value!r}")
