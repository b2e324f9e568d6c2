"""The errors that the authorization endpoint sends back to the client through the browser.

They are those of RFC 6749 section 4.1.2.1 and of OpenID Connect Core section 3.1.2.6.
"""

from utils.oauth_errors import OAuthException


class UnsupportedResponseTypeException(OAuthException):
    """The ``response_type`` is not ``code``."""

    code = "unsupported_response_type"
    title = "Unsupported response type"


class AccessDeniedException(OAuthException):
    """The user refused consent."""

    code = "access_denied"
    title = "Access denied"


class LoginRequiredException(OAuthException):
    """The user would have to log in, but the client forbids it (``prompt=none``) or expects another user."""

    code = "login_required"
    title = "Login required"


class ConsentRequiredException(OAuthException):
    """The user would have to consent, but the client forbids it (``prompt=none``)."""

    code = "consent_required"
    title = "Consent required"


class UnmetAuthenticationRequirementsException(OAuthException):
    """No login is of the ``acr`` that the client says is essential.

    By OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
    """

    code = "unmet_authentication_requirements"
    title = "Unmet authentication requirements"


class RequestNotSupportedException(OAuthException):
    """The parameters are in a signed object (``request``), which is not supported."""

    code = "request_not_supported"
    title = "Request object not supported"


class RequestURINotSupportedException(OAuthException):
    """The parameters are at a URI (``request_uri``), which is not supported."""

    code = "request_uri_not_supported"
    title = "Request URI not supported"


class RegistrationNotSupportedException(OAuthException):
    """The client describes itself (``registration``), which is not supported: clients are registered in the seed."""

    code = "registration_not_supported"
    title = "Registration not supported"
