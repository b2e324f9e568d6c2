"""Every exception knows its answer."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from handlers import browser, requests_log, sandboxes
from handlers.browser import StaleFormException
from models.problems import FieldError
from services import idempotency
from services.emulation import fault_control, fault_header, limits, verification
from services.identity import account_changes, authorization_errors, operators, sessions
from services.players import players
from services.sandboxes import declared, opening, timekeeping
from utils import errors, oauth_errors
from utils.errors import PSNEmulatorException, ValidationException
from utils.oauth_errors import OAuthException

MODULES: tuple[ModuleType, ...] = (
    errors,
    oauth_errors,
    authorization_errors,
    sessions,
    players,
    idempotency,
    browser,
    opening,
    timekeeping,
    account_changes,
    operators,
    declared,
    sandboxes,
    fault_control,
    fault_header,
    limits,
    requests_log,
    verification,
)
"""Those that define answers; another test finds any that is missing here."""


def _descendants(root: type[PSNEmulatorException]) -> Iterator[type[PSNEmulatorException]]:
    for derived in root.__subclasses__():
        yield derived
        yield from _descendants(derived)


ALL = sorted(
    (
        error
        for error in _descendants(PSNEmulatorException)
        if error.__module__ in {module.__name__ for module in MODULES}
    ),
    key=lambda error: error.__name__,
)


@pytest.mark.parametrize("folder", ["handlers", "services", "utils"])
def test_the_suffix_of_an_exception_says_whether_it_is_answered(project: Path, folder: str) -> None:
    source = "\n".join(path.read_text() for path in (project / folder).rglob("*.py"))
    names: list[str] = re.findall(r"^class (\w+)\([^)]*(?:Exception|Error)\):", source, re.MULTILINE)
    answers = {PSNEmulatorException.__name__, *(error.__name__ for error in ALL)}
    assert names
    for name in names:
        assert name.endswith("Exception" if name in answers else "Error"), name


@pytest.mark.parametrize("kind", ALL)
def test_each_has_an_errors_status_a_code_and_a_title(kind: type[PSNEmulatorException]) -> None:
    assert kind.status in {*range(400, 500), 503, 507}
    assert kind.code.replace("_", "").isalpha()
    assert kind.code == kind.code.lower()
    assert kind.title
    assert not kind.title.endswith(".")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("MalformedJSONException", 400, "malformed_json"),
        ("InvalidCursorException", 400, "invalid_cursor"),
        ("InvalidTokenException", 401, "invalid_token"),
        ("NotFoundException", 404, "not_found"),
        ("PlayerNotFoundException", 404, "player_not_found"),
        ("MethodNotAllowedException", 405, "method_not_allowed"),
        ("UsernameTakenException", 409, "username_taken"),
        ("EmailTakenException", 409, "email_taken"),
        ("PayloadTooLargeException", 413, "payload_too_large"),
        ("UnsupportedMediaTypeException", 415, "unsupported_media_type"),
        ("VersionConflictException", 412, "version_conflict"),
        ("ValidationException", 422, "validation_error"),
        ("ThrottledException", 429, "throttled"),
        ("SandboxFullException", 507, "sandbox_full"),
        ("StaleFormException", 403, "stale_form"),
        ("AccessDeniedException", 400, "access_denied"),
        ("IdempotencyKeyInUseException", 409, "idempotency_key_in_use"),
        ("InvalidRequestException", 400, "invalid_request"),
        ("InvalidGrantException", 400, "invalid_grant"),
        ("UnsupportedGrantTypeException", 400, "unsupported_grant_type"),
        ("InvalidScopeException", 400, "invalid_scope"),
        ("BearerTokenException", 401, "invalid_token"),
    ],
)
def test_the_table_of_conditions(name: str, status: int, code: str) -> None:
    [kind] = [error for error in ALL if error.__name__ == name]
    assert (kind.status, kind.code) == (status, code)


def test_anything_unexpected_is_an_internal_error() -> None:
    assert (PSNEmulatorException.status, PSNEmulatorException.code) == (500, "internal_error")


def test_without_a_detail_the_title_is_one() -> None:
    assert errors.NotFoundException().detail == "Not found."


def test_the_detail_of_a_validation_error_counts_the_fields() -> None:
    fault = FieldError("username", "missing", "Field required.")
    assert ValidationException([fault]).detail == "1 field is invalid."
    assert ValidationException([fault, fault]).detail == "2 fields are invalid."


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (sessions.InvalidTokenException(), "WWW-Authenticate", 'Bearer error="invalid_token"'),
        (oauth_errors.BearerTokenException(), "WWW-Authenticate", 'Bearer error="invalid_token"'),
        (errors.MethodNotAllowedException(["GET", "PUT"]), "Allow", "GET, PUT"),
        (errors.ThrottledException(retry_after_seconds=3), "Retry-After", "3"),
    ],
)
def test_what_the_caller_should_do_is_in_a_header(
    error: PSNEmulatorException, header: str, value: str
) -> None:
    assert error.headers[header] == value


def test_an_oauth_error_speaks_as_its_rfc_does() -> None:
    error = oauth_errors.InvalidGrantException("The refresh token expired.")
    assert isinstance(error, OAuthException)
    assert (error.error, error.error_description) == ("invalid_grant", "The refresh token expired.")


def test_the_guide_lists_every_problem_with_its_status_and_no_other(project: Path) -> None:
    guide = (project / "docs" / "guides" / "http-api.md").read_text()
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \|", guide, re.MULTILINE)
    listed = {(code, int(status)) for codes, status in rows for code in re.findall(r"\w+", codes)}
    problems: list[type[PSNEmulatorException]] = [
        PSNEmulatorException,
        *(
            error
            for error in ALL
            if not issubclass(error, OAuthException) and error is not StaleFormException
        ),
    ]
    assert listed == {(error.code, error.status) for error in problems}
