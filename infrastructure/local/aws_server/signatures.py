"""Whether a request was signed with the checkout's credential or a role's, and the password of the registry.

The signatures are AWS's, Version 4 (IAM User Guide: "Create a signed AWS API request").
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGISTRY_USER = "AWS"
"""The user name that Docker sends to a registry of ECR."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
"""How far the clock of who signs may be off, as with DynamoDB."""
_QUERY_CREDENTIALS = ("x-amz-credential=", "x-amz-signature=", "x-amz-algorithm=", "awsaccesskeyid=")
_HAS_TO_BE_SIGNED = {"host", "x-amz-date"}

type Headers = list[tuple[str, str]]
type Session = dict[str, object]


class RefusedError(Exception):
    """The request is not let in. ``code`` is AWS's own for the reason (IAM User Guide: "Common errors")."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived, without its body: ``target`` is its path and query, names in ``headers`` are in lower
    case."""

    method: str
    target: str
    headers: Headers

    def header(self, name: str) -> str:
        """The header's value, empty where it is not there. Raises ``RefusedError`` where it is there twice."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise RefusedError("IncompleteSignature", f"There are two headers {name}.")
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class Signature:
    """What an ``Authorization`` header says: who signed, for which service, and the ``value`` that was computed."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: frozenset[str]
    value: str


def parse(request: SignedRequest) -> Signature:
    """The request's signature. Raises ``RefusedError`` where it has none in its headers, or one in its query.

    Nothing of this project signs in the query; whoever may send no header, as a page of another origin, could.
    """
    _, _, query = request.target.partition("?")
    if any(word.lower().startswith(_QUERY_CREDENTIALS) for word in query.split("&")):
        raise RefusedError("IncompleteSignature", "A signature in the query is not accepted.")
    algorithm, _, rest = request.header("authorization").partition(" ")
    if algorithm != _ALGORITHM:
        raise RefusedError("MissingAuthenticationToken", "The request is not signed.")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = fields.get("Credential", "").split("/")
    signed = frozenset(fields.get("SignedHeaders", "").split(";"))
    if len(scope) != 5 or scope[4] != "aws4_request" or not signed >= _HAS_TO_BE_SIGNED:
        raise RefusedError("IncompleteSignature", "The Authorization header is not complete.")
    access_key, date, region, service, _ = scope
    return Signature(access_key, date, region, service, signed, fields.get("Signature", ""))


def secret_of(
    signature: Signature, request: SignedRequest, own: tuple[str, str], find: Callable[[str], Session | None]
) -> str:
    """The secret key that belongs to the signature's access key: that of ``own`` credentials, or of the role's session
    that ``find`` gives. Raises ``RefusedError`` where there is none, it has expired, or its token is another.
    """
    token = request.header("x-amz-security-token")
    key, secret = own
    if secret and signature.access_key == key and not token:
        return secret
    session = find(signature.access_key) or {}
    expires = session.get("Expiration")
    if isinstance(expires, int | float) and time.time() > expires:
        raise RefusedError("ExpiredTokenException", "The security token has expired.")
    known = str(session.get("SessionToken") or "")
    secret = str(session.get("SecretAccessKey") or "")
    if not secret or not hmac.compare_digest(known.encode(), token.encode()):
        raise RefusedError("UnrecognizedClientException", "The security token in the request is invalid.")
    return secret


def verify(signature: Signature, request: SignedRequest, body: bytes, secret: str) -> None:
    """Raises ``RefusedError`` unless the request with this body was signed with ``secret``, a moment ago."""
    stamp = request.header("x-amz-date")
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError("IncompleteSignature", "There is no valid X-Amz-Date.") from None
    if abs(datetime.now(UTC) - signed_at) > _SKEW or signature.date != stamp[:8]:
        raise RefusedError("RequestTimeTooSkewed", "The request was signed at another time than now.")
    declared = request.header("x-amz-content-sha256")
    if declared and not hmac.compare_digest(declared.encode(), hashlib.sha256(body).hexdigest().encode()):
        raise RefusedError("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")
    if not hmac.compare_digest(_compute(signature, request, body, secret).encode(), signature.value.encode()):
        raise RefusedError(
            "SignatureDoesNotMatch", "The signature does not match: was it made with another secret key?"
        )


def registry_token(secret: str) -> str:
    """What Docker sends to the registry: base64 of the user and a password. That follows from the secret key and does
    not give it away, because Docker sends and stores it as it is."""
    password = hmac.new(secret.encode(), b"registry", hashlib.sha256).hexdigest()
    return base64.b64encode(f"{REGISTRY_USER}:{password}".encode()).decode()


def _compute(signature: Signature, request: SignedRequest, body: bytes, secret: str) -> str:
    signer = SigV4Auth(Credentials(signature.access_key, secret), signature.service, signature.region)
    copy = AWSRequest(request.method, f"http://localhost{request.target}", data=body)
    for name, value in request.headers:
        if name in signature.signed_headers:
            copy.headers[name] = value
    copy.context["timestamp"] = request.header("x-amz-date")
    text = signer.string_to_sign(copy, signer.canonical_request(copy))
    return str(signer.signature(text, copy))
