"""Lets in what this checkout asks, and nothing that a web page or a foreign container does.

The local AWS listens where any page in a browser and any container of this machine can send to. Except for the API
itself, whose own CORS settings and tokens say who may call it, it answers requests that

- come from no page of another origin (``Origin``, ``Sec-Fetch-Site``),
- name it by one of its own names (``Host``), so that a page cannot reach it by a name that it has pointed here,
- are signed with the checkout's credential or that of a function's role, or have the registry's password,
- and are for a service that is on.
"""

import hmac
import ipaddress
import re
from collections.abc import MutableMapping
from typing import Any

from . import internals, signatures
from .signatures import RefusedError, SignedRequest

MACHINE = "host.docker.internal"
"""The host name by which containers reach the machine of the local AWS."""
CONTROL = "psn-emulator"
"""The service for which requests to this server's own routes are signed."""

_PATHS = {
    "apigateway": re.compile(r"/v2/(apis|tags)(/|$)"),
    "execute-api": re.compile(r"/_aws/execute-api/[^/]+/[^/]*/@connections/"),
    "lambda": re.compile(r"/20\d\d-\d\d-\d\d/"),
    CONTROL: re.compile(r"/_psn-emulator/"),
}
"""The paths of the services that have some; the others are all at ``/``. ministack serves more of its own and of other
services at further paths, before it looks at the service."""
_ROOT = re.compile(r"/$")
_REGISTRY = re.compile(r"/v2/?$|/v2/_catalog$|/v2/.*/(blobs|manifests)/|/v2/.*/tags/list$")
_XML = re.compile(rb"/(iam|sts)/aws4_request")
_ALIASES = {"execute-api": "apigateway"}


def text(headers: list[tuple[bytes, bytes]]) -> signatures.Headers:
    """The headers of an ASGI scope as text, as who signs them has it."""
    return [(name.decode("latin-1").lower(), value.decode(errors="replace")) for name, value in headers]


def request_of(scope: MutableMapping[str, Any]) -> SignedRequest:
    """The request of an ASGI scope, with its path and query as they were sent."""
    target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    method = scope.get("method", "GET")
    return SignedRequest(method, f"{target}?{query}" if query else target, text(scope["headers"]))


def require_own_name(scope: MutableMapping[str, Any], request: SignedRequest, *, api: bool = False) -> None:
    """Raises ``RefusedError`` unless ``Host`` is a name of this server; the ``api`` is also asked by the names that the
    stacks' settings give, and by any that ends in ``.localhost``, which is this machine's by definition (RFC 6761
    section 6.3).

    The port is not compared: a page that has pointed a name here uses the right one, and a forwarded one is another.
    """
    host = re.sub(r":\d*$", "", request.header("host").lower())
    names = {"localhost", MACHINE, internals.container_name, str((scope.get("server") or [""])[0])}
    if not host or not (
        host in names
        or _is_loopback(host.strip("[]"))
        or (api and (host.endswith(".localhost") or host.strip("[]") in internals.hosts))
    ):
        raise RefusedError(
            "AccessDenied", f"{host or 'No host'} is no name of the local AWS; ask it as localhost."
        )


def require_no_page(request: SignedRequest) -> None:
    """Raises ``RefusedError`` for a request that a page of another origin has sent."""
    if request.header("origin") or request.header("sec-fetch-site") not in {"", "none", "same-origin"}:
        raise RefusedError("AccessDenied", "The local AWS is not for web pages.")


def speaks_xml(scope: MutableMapping[str, Any]) -> bool:
    """Whether the request says that it is for a service whose errors are XML."""
    return any(name == b"authorization" and _XML.search(value) for name, value in scope["headers"])


def is_registry(path: str) -> bool:
    """Whether the path is one of the image registry (OCI Distribution Specification, "Endpoints")."""
    return bool(_REGISTRY.match(path))


def has_registry_password(request: SignedRequest) -> bool:
    """Whether the request has the registry's password."""
    given = request.header("authorization").partition("Basic ")[2]
    own = signatures.registry_token(internals.secret_key)
    return bool(internals.secret_key) and hmac.compare_digest(given.encode(), own.encode())


def require_signature(path: str, request: SignedRequest) -> tuple[signatures.Signature, str]:
    """The signature of the request to ``path``, and the secret key that it has to be made with.

    Raises ``RefusedError`` for a service that is off, a path that is none of the service's, and a key nobody has here.
    """
    signature = signatures.parse(request)
    service = signature.service
    if service != CONTROL and _ALIASES.get(service, service) not in internals.services:
        raise RefusedError("AccessDenied", f"The service {service} is off.")
    if is_registry(path) or not _PATHS.get(service, _ROOT).match(path):
        raise RefusedError("AccessDenied", f"{path} is no path of {service}.")
    own = (internals.access_key, internals.secret_key)
    find = (lambda _: None) if service == CONTROL else internals.sessions._sessions.get
    return signature, signatures.secret_of(signature, request, own, find)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
