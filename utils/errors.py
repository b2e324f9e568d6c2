"""The root of the exceptions that become answers, and those of them that any route may raise.

A class knows its HTTP status, its stable ``code`` and its title; ``handlers.dispatch`` is the one place that turns
it into a response. Errors of one domain are defined in the service that raises them, OAuth's in
``utils.oauth_errors``.

The suffix of an exception's name, in the whole application, says whether a client may see it: ``…Exception`` descends
from :class:`PSNEmulatorException` and is answered as its class says; ``…Error``, Python's own suffix, is for the
caller to handle. One that nobody handles is a bug: it is logged, and answered with 500 ``internal_error``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.problems import ErrorResponse, FieldError, ValidationErrorResponse


class PSNEmulatorException(Exception):  # noqa: N818 - the name is the product's, see its feature list
    """The root of all answers that are not a success.

    ``detail`` is one sentence for the person who reads the answer; it must hold nothing secret and nothing
    that the caller sent. ``headers`` are added to the answer.
    """

    status: int = 500
    code: str = "internal_error"
    title: str = "Internal server error"

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        self.detail = detail or f"{self.title}."
        self.headers: Mapping[str, str] = dict(headers or {})
        super().__init__(self.detail)

    def answer(self, **common: Any) -> "ErrorResponse":
        """The problem that tells of it, of the members that all have, and those of its own."""
        from models.problems import ErrorResponse

        return ErrorResponse(**common)


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


class NotFoundException(PSNEmulatorException):
    """Nothing is served at this path."""

    status = 404
    code = "not_found"
    title = "Not found"


class MethodNotAllowedException(PSNEmulatorException):
    """The path is served, the method is not. ``allow`` are the methods that are (RFC 9110 section 15.5.6)."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"

    def __init__(self, allow: Sequence[str]) -> None:
        methods = ", ".join(allow)
        super().__init__(f"This path answers to {methods} only.", headers={"Allow": methods})


class VersionConflictException(PSNEmulatorException):
    """The record's version is none that the request's ``If-Match`` allows; nothing was changed."""

    status = 412
    code = "version_conflict"
    title = "Version conflict"

    def __init__(self) -> None:
        super().__init__("The record has another version than If-Match asks for.")


class PayloadTooLargeException(PSNEmulatorException):
    """The body is over the limit of its route."""

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

    def __init__(self, errors: "Sequence[FieldError]") -> None:
        self.errors = tuple(errors)
        fields = "field is" if len(self.errors) == 1 else "fields are"
        super().__init__(f"{len(self.errors)} {fields} invalid.")

    def answer(self, **common: Any) -> "ValidationErrorResponse":
        """The problem, with the fields."""
        from models.problems import ValidationErrorResponse

        return ValidationErrorResponse(**common, errors=self.errors)


class SandboxFullException(PSNEmulatorException):
    """The partition that the item belongs to takes no more; nothing was written (507: RFC 4918 section 11.5)."""

    status = 507
    code = "sandbox_full"
    title = "Sandbox full"


class UnavailableException(PSNEmulatorException):
    """A service of AWS does not answer; whether a write that was sent has been carried out is not known."""

    status = 503
    code = "unavailable"
    title = "Service unavailable"

    def __init__(self) -> None:
        super().__init__(
            "A service that is needed for this does not answer; send the request again.",
            headers={"Retry-After": "1"},
        )


class ThrottledException(PSNEmulatorException):
    """The table refuses more for now, or too many writers want one record.

    Nothing was written, unless the table had begun to and its answer was lost. ``contended`` are the keys (partition
    key, sort key) of the records over which writers of transactions collided; none when the table wants capacity.
    """

    status = 429
    code = "throttled"
    title = "Too many requests"

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_seconds: int = 1,
        contended: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})
        self.contended = frozenset(contended)
