"""The answers of exceptions."""

from routes import Route
from utils.errors import PSNEmulatorException
from utils.http import Request, Response, problem
from utils.oauth_errors import OAuthException


def refusal(request: Request, route: Route, error: PSNEmulatorException) -> Response:
    """The answer of ``error`` in the form in which ``route`` tells of errors."""
    if route.errors_as == "page":
        from handlers import pages

        return pages.failure(request, error)
    if isinstance(error, OAuthException):
        from models.problems import OAuthErrorResponse

        return Response(error.status, OAuthErrorResponse(error.error, error.error_description), error.headers)
    return problem(request, error)
