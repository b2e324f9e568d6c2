"""Which sandbox a request is about, and whether its bearer may do anything there.

A sandbox is named by the URL, by the header ``X-Sandbox``, at the identity provider by the body, and by a token that
belongs to it. What of these there is must name the same one.
"""

from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from routes import ADMIN, SANDBOX_SCOPE, Route
from services.identity.sessions import Session, require_alive
from services.sandboxes.opening import (
    InvalidSandboxException,
    SandboxMismatchException,
    SandboxNotFoundException,
    known,
    opened,
    opened_with,
    require_name,
    stored,
)
from utils import strict_json, table
from utils.errors import NotFoundException, PSNEmulatorException
from utils.http import FORM_TYPE, JSON_TYPE, Pairs, Request
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import NAME, Sandbox
from utils.settings import DEFAULT_SANDBOX, settings
from utils.writes import Key

HEADER: Final = "X-Sandbox"
FIELD: Final = "sandbox"

type KeysFor = Callable[[Request], Iterable[Key]]


def named(request: Request, route: Route) -> Request:
    """The request with the sandbox that it names besides its access token, of which nothing is known yet.

    Raises :class:`InvalidSandboxException` and :class:`SandboxMismatchException`, or, at the OAuth endpoints,
    :class:`InvalidRequestException` for either.
    """
    with _told_as(route):
        prefix = _prefix(request)
        names = {require_name(name) for name in _names(request, route, prefix)}
        if len(names) > 1:
            raise SandboxMismatchException
    if not names and route.errors_as == "oauth":
        names = {name for name in _token_names(request, route) if name}
    name = min(names, default=None)
    return replace(
        request,
        prefix=prefix,
        sandbox=Sandbox(name or DEFAULT_SANDBOX, prefix=prefix),
        names_sandbox=bool(name),
    )


def admitted(request: Request, route: Route, keys: KeysFor) -> Request:
    """The request with its sandbox, and with the items of ``keys`` read; raises unless the bearer of a scope is alive.

    Raises :class:`SandboxMismatchException` when the token is of another sandbox than the request names, but for the
    default sandbox's administrator, who operates them all.
    """
    if route.operates and settings().sandboxes == "off":
        raise NotFoundException("Nothing is served at this path.")
    if route.scope is None:
        if route.opens_sandbox:
            with _told_as(route):
                sandbox, items = opened_with(
                    request.sandbox.name,
                    request.prefix,
                    lambda sandbox: keys(replace(request, sandbox=sandbox)),
                )
            return replace(request, sandbox=sandbox, items=items)
        if route.is_partners and settings().emulates:
            request = replace(request, sandbox=_met(request, route))
        wanted = list(keys(request))
        return replace(request, items=table.get_many(wanted) if wanted else {})
    session = Session.from_claims(request.claims)
    if not session.is_ours:
        return _of_another_issuer(request, session, keys)
    bearer = replace(session.sandbox, prefix=request.prefix)
    operated = request.sandbox.name if request.names_sandbox else bearer.name
    if operated != bearer.name and (route.scope != ADMIN or bearer.name != DEFAULT_SANDBOX):
        raise SandboxMismatchException
    request = replace(request, sandbox=bearer)
    bearer, items = require_alive(replace(session, sandbox=bearer), keys(request))
    if operated != bearer.name:
        return replace(request, sandbox=opened(operated, request.prefix), bearer_sandbox=bearer.name)
    return replace(request, sandbox=bearer, items=items, bearer_sandbox=bearer.name)


def _of_another_issuer(request: Request, session: Session, keys: KeysFor) -> Request:
    """The request of a token that knows nothing of sandboxes: the request names one that there is.

    If it does name one, which it may have of its own will, the request may name no other.
    """
    name = request.sandbox.name if request.names_sandbox else session.sandbox.name
    if session.sandbox.name not in {DEFAULT_SANDBOX, name}:
        raise SandboxMismatchException
    sandbox = stored(require_name(name), request.prefix)
    if sandbox is None:
        raise SandboxNotFoundException
    request = replace(request, sandbox=sandbox)
    sandbox, items = require_alive(replace(session, sandbox=sandbox), keys(request))
    return replace(request, sandbox=sandbox, items=items, bearer_sandbox=sandbox.name)


def _met(request: Request, route: Route) -> Sandbox:
    """The sandbox of a request to a route that itself needs none, for its faults and its journal.

    The first request to a sandbox may well be for an issuer's metadata or keys, so these begin it as a login does.
    """
    found = known(request.sandbox)
    if found is not None:
        return found
    begins = route.method == "GET" and bool(route.answer) and route.bearer is None
    return (
        opened(request.sandbox.name, request.prefix)
        if begins and settings().sandboxes == "open"
        else request.sandbox
    )


@contextmanager
def _told_as(route: Route) -> Iterator[None]:
    """Has what is wrong with a sandbox told in the form of the OAuth endpoints where ``route`` is one of them."""
    try:
        yield
    except (InvalidSandboxException, SandboxMismatchException, SandboxNotFoundException) as error:
        if route.errors_as == "problem":
            raise
        raise InvalidRequestException(error.detail) from None


def _prefix(request: Request) -> str:
    """The prefix of the request's path, in the one spelling that a URL has for it (RFC 3986 section 6.2.2.2)."""
    return unquote(request.prefix)


def _names(request: Request, route: Route, prefix: str) -> Iterable[str]:
    """The names that path, header, query and body give; none if they give none."""
    if prefix:
        yield prefix.removeprefix("/s/")
    if (names := request.headers.get(HEADER.lower())) is not None:
        yield from (name.strip() for name in names.split(","))  # as several headers arrive
    if route.errors_as == "problem":
        return
    pairs = _fields(request)
    if route.errors_as == "page":
        pairs = [*request.query_pairs(), *pairs]
    for field, value in pairs:
        if field == FIELD:
            yield value
        elif field == "scope":
            yield from (
                name.removeprefix(SANDBOX_SCOPE)
                for name in value.split(" ")
                if name.startswith(SANDBOX_SCOPE)
            )
        elif field in {"code", "refresh_token"} and (name := _sandbox_of(value)):
            yield name


def _fields(request: Request) -> Pairs:
    """The texts in a form, or in a JSON object, by name; what cannot be read is for the handler to refuse."""
    try:
        if request.media_type == FORM_TYPE:
            return request.form_pairs()
        body = request.json() if request.media_type == JSON_TYPE else None
    except PSNEmulatorException:
        return []
    return (
        [(name, value) for name, value in body.items() if isinstance(value, str)]
        if isinstance(body, dict)
        else []
    )


def _token_names(request: Request, route: Route) -> Iterable[str | None]:
    """The sandbox of the token that the form is about, or of the bearer's, as it claims; the handler finds out whether
    that is so."""
    for name, value in _fields(request):
        if name == "token":
            yield _sandbox_of(value) or _claimed(value)
        elif name == "access_token" and route.bearer:
            yield _claimed(value)
    if route.bearer:
        yield _claimed(request.headers.get("authorization", "").rpartition(" ")[2])


def _claimed(token: str) -> str | None:
    """What a JWT claims to be its sandbox; ``None`` for what is none."""
    segments = token.split(".")
    if len(segments) != 3:
        return None
    try:
        payload = a2b_base64(segments[1].replace("-", "+").replace("_", "/") + "==")
        claims = strict_json.parse(payload)
    except ValueError:
        return None
    name = claims.get("sandbox") if isinstance(claims, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else None


def _sandbox_of(secret: str) -> str | None:
    from services.identity.token_families import sandbox_of

    return sandbox_of(secret)
