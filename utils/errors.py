"""The exceptions that become answers, in one hierarchy.

A class knows its HTTP status, its stable ``code`` and its title; ``handlers.dispatch`` is the one place that
turns them into responses. Anything outside this hierarchy is a bug and answered with 500 ``internal_error``.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from models.responses import FieldError


class PSNEmulatorException(Exception):  # noqa: N818 - the name is the product's, see its feature list
    """The root of all answers that are not a success.

    ``detail`` is one sentence for the person who reads the answer; it must hold nothing secret and nothing
    that the caller sent. ``headers`` are added to the answer.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal server error"

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        self.detail = detail or f"{self.title}."
        self.headers: Mapping[str, str] = dict(headers or {})
        super().__init__(self.detail)


class MalformedJSONException(PSNEmulatorException):
    """The body is not JSON that two parsers would read alike (RFC 8259, RFC 7493)."""

    status = 400
    code = "malformed_json"
    title = "Malformed JSON"


class InvalidCursorException(PSNEmulatorException):
    """The cursor was not given by this listing of this sandbox."""

    status = 400
    code = "invalid_cursor"
    title = "Invalid cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this listing gave.")


class InvalidTokenException(PSNEmulatorException):
    """The access token is authentic but not alive: expired, not yet valid, revoked, or its user is locked."""

    status = 401
    code = "invalid_token"
    title = "Invalid token"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class NotFoundException(PSNEmulatorException):
    """Nothing is served at this path."""

    status = 404
    code = "not_found"
    title = "Not found"


class PlayerNotFoundException(NotFoundException):
    """The sandbox has no such player."""

    code = "player_not_found"
    title = "Player not found"


class MethodNotAllowedException(PSNEmulatorException):
    """The path is served, the method is not. ``allow`` are the methods that are (RFC 9110 section 15.5.6)."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"

    def __init__(self, allow: Sequence[str]) -> None:
        methods = ", ".join(allow)
        super().__init__(f"This path answers to {methods} only.", headers={"Allow": methods})


class ConflictException(PSNEmulatorException):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"
    title = "Conflict"


class UsernameTakenException(ConflictException):
    """Another player of the sandbox has the username, compared without regard to case."""

    code = "username_taken"
    title = "Username taken"


class EmailTakenException(ConflictException):
    """Another player of the sandbox has the e-mail address, compared without regard to case."""

    code = "email_taken"
    title = "E-mail address taken"


class VersionConflictException(PSNEmulatorException):
    """The record's version is none that the request's ``If-Match`` allows; nothing was changed."""

    status = 412
    code = "version_conflict"
    title = "Version conflict"

    def __init__(self) -> None:
        super().__init__("The record has another version than If-Match asks for.")


class IdempotencyKeyInUseException(ConflictException):
    """Another request with the same key is being carried out and will not let go of its record."""

    code = "idempotency_key_in_use"
    title = "Idempotency key in use"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is still being carried out.", headers={"Retry-After": "1"}
        )


class PayloadTooLargeException(PSNEmulatorException):
    """The body is over the limit of ``utils.http.MAX_BODY_BYTES``."""

    status = 413
    code = "payload_too_large"
    title = "Payload too large"


class UnsupportedMediaTypeException(PSNEmulatorException):
    """The body is not of the media type that the route reads."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class ValidationException(PSNEmulatorException):
    """The request was understood and its fields are wrong; ``errors`` lists every one of them."""

    status = 422
    code = "validation_error"
    title = "Validation error"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        fields = "field is" if len(self.errors) == 1 else "fields are"
        super().__init__(f"{len(self.errors)} {fields} invalid.")


class IdempotencyKeyReusedException(PSNEmulatorException):
    """Another request, with another body or path, was carried out under the same key."""

    status = 422
    code = "idempotency_key_reused"
    title = "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("Another request was sent with this Idempotency-Key.")


class ThrottledException(PSNEmulatorException):
    """The table refuses more for now, or too many writers want one record; the request had no effect."""

    status = 429
    code = "throttled"
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})
