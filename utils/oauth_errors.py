"""What OAuth endpoints answer instead of problems (RFC 6749 section 5.2, RFC 6750 section 3)."""

from utils.errors import PSNEmulatorException


class OAuthError(PSNEmulatorException):
    """The root of what OAuth endpoints answer instead of problems (RFC 6749 section 5.2, RFC 6750 section 3).

    ``code`` is the RFC's ``error`` and the detail its ``error_description``, whose characters the RFC limits
    to printable ASCII without ``"`` and ``\\``.
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


class InvalidRequestError(OAuthError):
    """A parameter is missing, repeated or malformed."""


class InvalidClientError(OAuthError):
    """The client is unknown, or is not who it says; always with a challenge (RFC 9110 section 15.5.2)."""

    status = 401
    code = "invalid_client"
    title = "Invalid client"

    def __init__(self) -> None:
        super().__init__(
            "The client is unknown, or its authentication failed.",
            headers={"WWW-Authenticate": 'Basic realm="psn-emulator", charset="UTF-8"'},
        )


class UnauthorizedClientError(OAuthError):
    """The client is who it says, and may not do this."""

    code = "unauthorized_client"
    title = "Unauthorized client"

    def __init__(self) -> None:
        super().__init__("The client may not do this.")


class InvalidGrantError(OAuthError):
    """The password, refresh token or code is wrong, expired, revoked or another client's."""

    code = "invalid_grant"
    title = "Invalid grant"


class UnsupportedGrantTypeError(OAuthError):
    """The grant is not one that is served."""

    code = "unsupported_grant_type"
    title = "Unsupported grant type"


class InvalidScopeError(OAuthError):
    """The scope is unknown, malformed or more than may be had."""

    code = "invalid_scope"
    title = "Invalid scope"


class InsufficientScopeError(OAuthError):
    """The access token is good, but not for this (RFC 6750 section 3.1)."""

    status = 403
    code = "insufficient_scope"
    title = "Insufficient scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(f"The scope {scope} is needed.", headers={"WWW-Authenticate": challenge})


class BearerTokenError(OAuthError):
    """An OAuth resource such as userinfo refuses the bearer's token (RFC 6750 section 3.1)."""

    status = 401
    code = "invalid_token"
    title = "Invalid token"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
