"""How the authorization endpoint refuses: by the errors that it sends back to the client through the browser.

They are those of RFC 6749 section 4.1.2.1 and of OpenID Connect Core section 3.1.2.6.
"""

from utils.errors import PSNEmulatorException
from utils.oauth_errors import OAuthError


class UnsupportedResponseTypeError(OAuthError):
    """The response type is another than ``code``."""

    code = "unsupported_response_type"
    title = "Unsupported response type"


class AccessDeniedError(OAuthError):
    """The user said no."""

    code = "access_denied"
    title = "Access denied"


class LoginRequiredError(OAuthError):
    """The user would have to log in, and the client wants no page shown, or another user than this one."""

    code = "login_required"
    title = "Login required"


class ConsentRequiredError(OAuthError):
    """The user would have to consent, and the client wants no page shown."""

    code = "consent_required"
    title = "Consent required"


class RequestNotSupportedError(OAuthError):
    """The parameters came in a signed object, which is not read."""

    code = "request_not_supported"
    title = "Request object not supported"


class RequestURINotSupportedError(OAuthError):
    """The parameters came by reference, which is not followed."""

    code = "request_uri_not_supported"
    title = "Request URI not supported"


class RegistrationNotSupportedError(OAuthError):
    """The client describes itself; clients are registered here."""

    code = "registration_not_supported"
    title = "Registration not supported"


class StaleFormError(PSNEmulatorException):
    """The form is not one that this browser was shown in this session: forged, or from before a login."""

    status = 403
    code = "stale_form"
    title = "Form no longer valid"
