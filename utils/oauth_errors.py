"""The exceptions that OAuth endpoints answer in their own shape (RFC 6749 section 5.2, RFC 6750 section 3)."""

from utils.errors import PSNEmulatorException


class OAuthException(PSNEmulatorException):
    """The root of OAuth's errors, answered as ``{"error": …, "error_description": …}`` instead of a problem.

    ``code`` is the RFC's ``error``. ``detail`` is its ``error_description``, which RFC 6749 section 5.2 limits to
    printable ASCII without ``"`` and ``\\``.
    """

    status = 400
    code = "invalid_request"
    title = "Invalid request"

    @property
    def error(self) -> str:
        """The RFC's ``error``."""
        return self.code

    @property
    def error_description(self) -> str:
        """The RFC's ``error_description``."""
        return self.detail


class InvalidRequestException(OAuthException):
    """A parameter is missing, repeated or malformed."""


class InvalidClientException(OAuthException):
    """The client is unknown or its authentication failed; always with a challenge (RFC 9110 section 15.5.2)."""

    status = 401
    code = "invalid_client"
    title = "Invalid client"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int | None = None) -> None:
        retry = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
        super().__init__(
            detail or "The client is unknown, or its authentication failed.",
            headers={"WWW-Authenticate": 'Basic realm="psn-emulator", charset="UTF-8"', **retry},
        )


class UnauthorizedClientException(OAuthException):
    """The client is authentic, but not allowed to do this."""

    code = "unauthorized_client"
    title = "Unauthorized client"

    def __init__(self) -> None:
        super().__init__("The client may not do this.")


class InvalidTargetException(OAuthException):
    """A ``resource`` is unknown, or may not be had (RFC 8707 section 2)."""

    code = "invalid_target"
    title = "Invalid target"


class InvalidRedirectURIException(OAuthException):
    """A redirect URI that a client registers is missing or refused (RFC 7591 section 3.2.2)."""

    code = "invalid_redirect_uri"
    title = "Invalid redirect URI"


class InvalidClientMetadataException(OAuthException):
    """What a client registers is malformed, impossible together, or not offered (RFC 7591 section 3.2.2)."""

    code = "invalid_client_metadata"
    title = "Invalid client metadata"


class InvalidGrantException(OAuthException):
    """The password, refresh token or code is wrong, expired, revoked or another client's."""

    code = "invalid_grant"
    title = "Invalid grant"


class UnsupportedGrantTypeException(OAuthException):
    """The grant type is not implemented."""

    code = "unsupported_grant_type"
    title = "Unsupported grant type"


class InvalidScopeException(OAuthException):
    """The scope is unknown, malformed or more than may be granted."""

    code = "invalid_scope"
    title = "Invalid scope"


class InsufficientScopeException(OAuthException):
    """The access token is alive but lacks the scope (RFC 6750 section 3.1)."""

    status = 403
    code = "insufficient_scope"
    title = "Insufficient scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(f"The scope {scope} is needed.", headers={"WWW-Authenticate": challenge})


class BearerTokenException(OAuthException):
    """An OAuth resource such as userinfo refuses the bearer's token (RFC 6750 section 3.1)."""

    status = 401
    code = "invalid_token"
    title = "Invalid token"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
