"""Requests and responses as plain objects, from and to the HTTP API's Lambda payload, format 2.0.

The format is AWS's "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from models.body import Body
from models.responses import APIResponse, Meta
from utils import cookies, correlation, strict_json
from utils.errors import (
    MalformedJSONException,
    PayloadTooLargeException,
    PSNEmulatorException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import DEFAULT, Sandbox

if TYPE_CHECKING:
    from pydantic import BaseModel

    from utils.table import Snapshot

type Pairs = list[tuple[str, str]]
"""Names and values of parameters in the order they were sent, repeated ones included."""

MAX_BODY_BYTES = 64 * 1024
"""The limit of a body where the route's row gives no other."""
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
HTML_TYPE = "text/html; charset=utf-8"
PROBLEM_TYPE = "application/problem+json"

_PREFIX = re.compile(
    r"(?P<first>/s/[^/]+)(?P<after>/.*)?|(?P<before>/\.well-known/[^/]+)(?P<last>/s/[^/]+)", re.DOTALL
)
_MAX_PARAMETERS = 100
_REPLACEMENT = "\ufffd"
_UTF_8 = frozenset({"utf-8", "utf8"})
_FORM_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii"} | dict.fromkeys(
    ("iso-8859-1", "latin1"), "iso-8859-1"
)
"""The charsets of a form by their names (IANA, "Character Sets"), as Python calls them."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    ``path`` is the one under the base URL of the API or of a sandbox, ``prefix`` is what the sandbox's has before it,
    ``/s/<name>``. Header names are lower-case, path parameters and ``query`` are decoded, the values of a repeated
    query parameter are joined by commas; ``raw_query`` is the query as it was sent. ``claims`` is the authorizer's
    context, empty on routes without a scope. ``route`` is the name of its row, ``max_body`` what a body may have in
    bytes, ``address`` the caller's IP address as the gateway tells it. ``sandbox`` is the one that the request is
    about, which it may name besides its token (``names_sandbox``), ``bearer_sandbox`` the token's; ``items`` was read
    from the table as the row says. These four are told by ``handlers.admission``. One that ``is_stale`` is answered as
    before the last write of what it is about.
    """

    method: str
    path: str
    request_id: str
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    raw_body: bytes = b""
    route: str = ""
    max_body: int = MAX_BODY_BYTES
    address: str = ""
    prefix: str = ""
    sandbox: Sandbox = DEFAULT
    names_sandbox: bool = False
    bearer_sandbox: str = ""
    items: "Snapshot" = field(default_factory=dict)
    is_stale: bool = False

    def url(self, path: str) -> str:
        """The absolute URL of a path of the same sandbox, which it names where the bearer's token does not."""
        sandbox = self.sandbox
        if self.bearer_sandbox not in {"", sandbox.name}:
            sandbox = replace(sandbox, prefix=f"/s/{sandbox.name}")
        return sandbox.url(path)

    @classmethod
    def from_event(
        cls, event: Mapping[str, Any], route: str = "", max_body: int = MAX_BODY_BYTES
    ) -> "Request":
        """The request in a Lambda event to the ``route`` of that name; whatever the event lacks is empty."""
        context = event.get("requestContext") or {}
        http = context.get("http") or {}
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        prefix, path = _split(event.get("rawPath") or http.get("path", ""))
        parameters = event.get("pathParameters") or {}
        return cls(
            method=http.get("method", ""),
            path=path,
            prefix=prefix,
            request_id=context.get("requestId", ""),
            path_parameters={name: value for name, value in parameters.items() if name != "sandbox"},
            query=event.get("queryStringParameters") or {},
            raw_query=event.get("rawQueryString") or "",
            headers=headers,
            # The gateway takes cookies out of the header; the local one leaves them there.
            cookies=cookies.read(event.get("cookies") or headers.get("cookie", "").split(";")),
            claims=(context.get("authorizer") or {}).get("lambda") or {},
            raw_body=_body_bytes(event),
            route=route,
            max_body=max_body,
            address=http.get("sourceIp") or "",
        )

    @property
    def source(self) -> str:
        """Where the request comes from: an IPv4 address, the first 64 bits of an IPv6 one, which is one subscriber's
        (RFC 6177), or ``unknown``."""
        from ipaddress import IPv6Address, ip_address

        try:
            address = ip_address(self.address)
        except ValueError:
            return "unknown"
        if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"
        return str(getattr(address, "ipv4_mapped", None) or address)

    @property
    def correlation_id(self) -> str | None:
        """The caller's ``X-Correlation-Id``, see :func:`utils.correlation.correlation_id`."""
        return correlation.correlation_id(self.headers)

    @property
    def traceparent(self) -> str | None:
        """The caller's ``traceparent``, see :func:`utils.correlation.traceparent`."""
        return correlation.traceparent(self.headers)

    @property
    def media_type(self) -> str:
        """The body's media type in lower case, without its parameters; empty when not given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON.

        Raises :class:`UnsupportedMediaTypeException`, :class:`PayloadTooLargeException` and
        :class:`MalformedJSONException`.
        """
        self._require(JSON_TYPE, _UTF_8)
        try:
            return strict_json.parse(self.raw_body)
        except ValueError:
            raise MalformedJSONException("The body is not valid JSON.") from None

    def query_pairs(self) -> Pairs:
        """The parameters of the query; those without a value are left out (RFC 6749 section 3.1).

        Raises :class:`InvalidRequestException` when they are not UTF-8 or more than 100.
        """
        return _pairs(self.raw_query.encode("utf-8", "surrogatepass"), "utf-8")

    def parameters[M: BaseModel](self, model: type[M]) -> M:
        """The query as ``model``; raises :class:`ValidationException` with every invalid parameter.

        An unknown parameter is invalid, not ignored: otherwise a misspelt filter would return everything. So is a
        repeated one.
        """
        from models.problems import FieldError
        from utils.validation import validated

        try:
            pairs = parse_qsl(
                self.raw_query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
            )
        except ValueError:
            unreadable = FieldError("query", "unreadable", "The parameters cannot be read.")
            raise ValidationException([unreadable]) from None
        counts = Counter(name for name, _ in pairs)
        if repeated := [name for name, count in counts.items() if count > 1]:
            sentence = "This parameter is given more than once."
            raise ValidationException([FieldError(name, "repeated", sentence) for name in repeated])
        return validated(model, dict(pairs))

    def form_pairs(self) -> Pairs:
        """The parameters of a form-encoded body; those without a value are left out (RFC 6749 section 3.2).

        They are UTF-8, US-ASCII or ISO-8859-1, as the ``Content-Type`` says. Raises
        :class:`UnsupportedMediaTypeException`, :class:`PayloadTooLargeException` and, when they are not of that charset
        or more than 100, :class:`InvalidRequestException`.
        """
        self._require(FORM_TYPE, _FORM_CHARSETS)
        charset = min(_charsets(self.headers.get("content-type", "")), default="utf-8")
        return _pairs(self.raw_body, _FORM_CHARSETS[charset])

    def form(self, repeatable: Collection[str] = ()) -> dict[str, str]:
        """:meth:`form_pairs` by name, without those that are ``repeatable``.

        Raises :class:`InvalidRequestException` too when a parameter is repeated.
        """
        pairs = [pair for pair in self.form_pairs() if pair[0] not in repeatable]
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            raise InvalidRequestException("A parameter is repeated.")
        return parameters

    def body[M: BaseModel | Body](self, model: type[M]) -> M:
        """The JSON body as ``model``; raises the exceptions of :meth:`json`, and :class:`ValidationException`."""
        from utils.validation import validated

        return validated(model, self.json())

    def _require(self, media_type: str, charsets: Collection[str]) -> None:
        named = _charsets(self.headers.get("content-type", ""))
        if self.media_type != media_type or len(named) > 1 or not named <= set(charsets):
            raise UnsupportedMediaTypeException(f"The body must be {media_type} in UTF-8.")
        if len(self.raw_body) > self.max_body:
            raise PayloadTooLargeException(f"The body must be at most {self.max_body} bytes.")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    ``body`` is ``None`` for no content, a ``str`` that is sent as it is, or a value for ``utils.strict_json.dump``;
    ``cookies`` are the values of ``Set-Cookie`` headers.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE
    cookies: tuple[str, ...] = ()

    def rendered(self) -> "Response":
        """The answer with its body as text, if it has one."""
        if self.body is None or isinstance(self.body, str):
            return self
        return replace(self, body=strict_json.dump(self.body))

    def to_gateway(self) -> dict[str, Any]:
        """The answer in the HTTP API's response format 2.0."""
        headers = dict(self.headers)
        answer: dict[str, Any] = {"statusCode": self.status, "headers": headers, "isBase64Encoded": False}
        if self.body is not None:
            headers["Content-Type"] = self.media_type
            answer["body"] = self.rendered().body
        if self.cookies:
            answer["cookies"] = list(self.cookies)
        return answer


def success(
    request: Request, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with ``data`` in an :class:`APIResponse`."""
    return Response(status, APIResponse(data, Meta(request.request_id)), headers or {})


def problem(request: Request, error: PSNEmulatorException) -> Response:
    """The answer of an error: a problem by RFC 9457."""
    body = error.answer(
        type=f"urn:psn-emulator:error:{error.code}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=request.prefix + request.path,
        code=error.code,
        request_id=request.request_id,
    )
    return Response(error.status, body, error.headers, PROBLEM_TYPE)


def _split(path: str) -> tuple[str, str]:
    """The prefix and the path in what the gateway calls the path: a sandbox's prefix begins it, or ends it where it
    begins with a well-known path (RFC 8414 section 3.1)."""
    found = _PREFIX.fullmatch(path)
    if found is None:
        return "", path
    return found["first"] or found["last"], (found["after"] or "/") if found["first"] else found["before"]


def _body_bytes(event: Mapping[str, Any]) -> bytes:
    """The body, with bytes that are not UTF-8 where the gateway has put U+FFFD in the place of such bytes.

    So they are refused, and not stored as that character. Who means it writes it as ``\\ufffd`` or ``%EF%BF%BD``.
    """
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.replace(_REPLACEMENT, "\udcff").encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def _pairs(text: bytes, charset: str) -> Pairs:
    try:
        return parse_qsl(
            text.decode(charset), encoding=charset, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise InvalidRequestException("The parameters cannot be read.") from None


def _charsets(content_type: str) -> set[str]:
    parameters = [parameter.partition("=") for parameter in content_type.split(";")[1:]]
    return {
        value.strip().strip('"').lower() for name, _, value in parameters if name.strip().lower() == "charset"
    }
