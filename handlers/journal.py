"""Recording each request to the partner's routes in the journal, with its answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from handlers import admission
from handlers.idempotency import REPLAYED
from models.journal import GivenResponse, RecordedRequest, SentRequest
from routes import FAULT_APPLIED, Route
from services.emulation import disclosure, journal_writing, secret_text
from services.emulation.callers import caller_of
from services.emulation.journal_writing import Row
from services.identity.sessions import InvalidTokenException, Session
from utils import strict_json
from utils.errors import PSNEmulatorException
from utils.http import Request
from utils.logger import logger
from utils.sandbox import NAME, Sandbox
from utils.settings import DEFAULT_SANDBOX


def record(
    request: Request, route: Route, answer: Mapping[str, Any], duration_ms: float, *, is_admitted: bool
) -> None:
    """Record ``request`` with its ``answer`` in the gateway's format; it never raises.

    A request that was refused before its sandbox was known belongs to that of its token, or else to the one that it
    names. Where there is no such sandbox, there is no journal of it.
    """
    try:
        name = request.sandbox.name if is_admitted else _name(request)
        if not name:
            return
        try:
            sandbox = request.sandbox if is_admitted else journal_writing.present(name)
        except PSNEmulatorException:
            sandbox = None  # the table does not answer: its mark is by its name
        else:
            if sandbox is None or not _exists(sandbox):
                return
        text = _text(request, route, answer, duration_ms, sandbox or request.sandbox)
        journal_writing.write(Row(name, sandbox, request.request_id, text))
    except Exception:
        logger.exception("a request is not recorded")


def _text(
    request: Request, route: Route, answer: Mapping[str, Any], duration_ms: float, sandbox: Sandbox
) -> str | None:
    """The row in JSON; ``None`` where a bug keeps it from being one."""
    try:
        row = strict_json.dump(_recorded(request, route, answer, duration_ms, sandbox))
    except Exception:
        logger.exception("a request cannot be told")
        return None
    return row.encode("utf-8", "replace").decode()  # what is no Unicode, no table takes


def _exists(sandbox: Sandbox) -> bool:
    """Whether it has begun, which the default one always has."""
    return bool(sandbox.generation) or sandbox.name == DEFAULT_SANDBOX


def _name(request: Request) -> str:
    """The name of the sandbox that a refused request belongs to; ``""`` if it names what is no name."""
    try:
        session = Session.from_claims(request.claims)
    except InvalidTokenException:
        session = None
    if session is not None and (session.is_ours or session.sandbox.name != DEFAULT_SANDBOX):
        return session.sandbox.name
    if request.prefix:
        name = unquote(request.prefix).removeprefix("/s/")
    elif admission.HEADER.lower() in request.headers:
        name = request.headers[admission.HEADER.lower()].partition(",")[0].strip()
    else:
        name = request.sandbox.name
    return name if NAME.fullmatch(name) else ""


def _recorded(
    request: Request, route: Route, answer: Mapping[str, Any], duration_ms: float, sandbox: Sandbox
) -> RecordedRequest:
    received_at = datetime.now(UTC) - timedelta(milliseconds=duration_ms)
    caller = caller_of(request)
    given: Mapping[str, str] = {name.lower(): value for name, value in answer["headers"].items()}
    sent_cookies = {"cookie": secret_text.MASK} if any(request.cookies) else {}
    given_cookies = {"set-cookie": secret_text.MASK} if answer.get("cookies") else {}
    media_type = given.get("content-type", "").partition(";")[0].strip().lower()
    is_oauth = route.errors_as != "problem"
    return RecordedRequest(
        id=request.request_id,
        received_at=received_at,
        sandbox_time=sandbox.clock.at(received_at),
        method=request.method,
        path=secret_text.text(request.path),
        route=route.name,
        client_id=_disclosed(caller.client_id),
        sub=_disclosed(caller.sub),
        player_id=_disclosed(request.path_parameters.get("player_id")),
        request=SentRequest(
            disclosure.headers({**request.headers, **sent_cookies}),
            *disclosure.body(request.raw_body, request.media_type, codes=is_oauth, readable=route.max_body),
            disclosure.query(request.raw_query),
        ),
        response=GivenResponse(
            disclosure.headers({**given, **given_cookies}),
            *disclosure.body(answer.get("body") or "", media_type, codes=False),
            answer["statusCode"],
        ),
        duration_ms=duration_ms,
        fault=given.get(FAULT_APPLIED.lower()),
        idempotent_replay=given.get(REPLAYED.lower()) == "true",
    )


def _disclosed(sent: str | None) -> str | None:
    return None if sent is None else secret_text.text(sent)
