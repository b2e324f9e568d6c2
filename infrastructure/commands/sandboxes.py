"""Gives sandboxes of a deployed stack their seeds, as whoever operates them by its API."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infrastructure.automation import workspace
from infrastructure.cloud import default_generations
from infrastructure.commands import readiness, stack_info
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from seeding import strict_yaml

_ANSWER_SECONDS = 40
_LOCAL_ADMIN = ("admin", "admin123")
"""The administrator in the seed file of local stacks."""
_SCOPE = "emulator:admin"


@dataclass(frozen=True, slots=True)
class Login:
    """Who operates: the bearer of ``token``, or the user; neither is the administrator of a local stack."""

    user: str | None = None
    password: str | None = None
    token: str | None = None


def seed(
    settings: Settings, *, sandbox: str, file: Path | None, name: str | None, ttl: str | None, login: Login
) -> dict[str, Any]:
    """Has ``sandbox`` hold the seed of this ``name``, or the one in ``file``, and nothing else; what the API tells of
    it. ``ttl`` is how long it lives, an ISO 8601 duration.

    Raises ``DeployError`` for a file that cannot be read, and when the API refuses.
    """
    body = {"seed": name if file is None else _document(file), **({} if ttl is None else {"ttl": ttl})}
    api, token = _login(settings, login)
    path = f"/_emulator/sandboxes/{quote(sandbox, safe='')}"
    status, answer = _send("PUT", api + path, token, body)
    if status != HTTPStatus.CREATED:
        _, answer = _send("POST", f"{api}{path}/reset", token)
    told: dict[str, Any] = answer["data"]
    return told


def reset(settings: Settings, *, sandbox: str, login: Login) -> dict[str, Any]:
    """Has ``sandbox`` hold its seed and nothing else; what the API tells of it. Raises ``DeployError`` when the API
    refuses."""
    api, token = _login(settings, login)
    _, answer = _send("POST", f"{api}/_emulator/sandboxes/{quote(sandbox, safe='')}/reset", token)
    told: dict[str, Any] = answer["data"]
    return told


def begin_anew(settings: Settings, *, sandbox: str) -> dict[str, Any]:
    """Has the default ``sandbox`` hold the stack's users and clients and nothing else, whatever its seed is, by the
    credentials for the stack's AWS: nobody need log in. What the API would tell of it.

    Raises ``DeployError``, for other sandboxes too, which the default one's administrator operates.
    """
    if sandbox != default_generations.DEFAULT:
        raise DeployError(
            "FORCE=1 is for the sandbox default alone.",
            f"An administrator of the default sandbox resets it: make reset SANDBOX={sandbox}",
        )
    readiness.require_aws(settings, workspace.read_state(settings).accounts)
    outputs = stack_info.outputs(settings)
    default_generations.begin(settings, str(outputs["table_name"]))
    readiness.persist(settings)
    return {"name": sandbox, "seed": "default", "ends_at": None, "base_url": outputs["api_url"]}


def sweep(settings: Settings, sandbox: str) -> int:
    """Deletes what the default ``sandbox`` had before its resets; how many items that were. What others had is deleted
    in time. Raises ``DeployError``."""
    if sandbox != default_generations.DEFAULT:
        return 0
    readiness.require_aws(settings, workspace.read_state(settings).accounts)
    deleted = default_generations.sweep(settings, str(stack_info.outputs(settings)["table_name"]))
    if deleted:
        readiness.persist(settings)
    return deleted


def _document(file: Path) -> Any:
    try:
        content = json.loads(file.read_bytes()) if file.suffix == ".json" else strict_yaml.load(file)
    except OSError as error:
        raise DeployError(
            f"{file} cannot be read: {error.strerror}.", "Give FILE the path of a seed."
        ) from error
    except ValueError as error:
        raise DeployError(f"{file} is wrong: {error}.", f"Correct {file}.") from error
    if not isinstance(content, dict):
        raise DeployError(f"{file} is no document.", "docs/guides/sandboxes.md shows the form.")
    return content


def _login(settings: Settings, login: Login) -> tuple[str, str]:
    """The API's base URL and an access token of its administrator."""
    api = str(stack_info.outputs(settings)["api_url"])
    if login.token is not None:
        return api, login.token
    user, password = login.user, login.password
    if user is None and password is None and settings.environment == "local":
        user, password = _LOCAL_ADMIN
    if user is None or password is None:
        raise DeployError(
            f"Nobody is named who operates stack {settings.stack!r}.",
            f"Give USER= and PASSWORD= of a user with the scope {_SCOPE}, or TOKEN=.",
        )
    body = {"username": user, "password": password, "scope": _SCOPE}
    try:
        _, answer = _send("POST", f"{api}/auth/token", None, body)
    except DeployError as error:
        raise DeployError(
            error.cause,
            "Give USER= and PASSWORD=, or TOKEN=. If nobody is left who operates it, AWS credentials do: "
            f"make reset SANDBOX=default STACK={settings.stack} FORCE=1",
        ) from error
    return api, str(answer["access_token"])


def _send(method: str, url: str, token: str | None, body: Any = None) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of a success. Raises ``DeployError`` for any other answer and for none."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body, default=_text).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the stack's own URL
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 # nosec B310 - see above
            return int(answer.status), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise DeployError(
            f"{method} {url} was answered with {error.code}: {_reason(error.read())}",
            "See docs/guides/sandboxes.md.",
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise DeployError(f"{url} does not answer: {error}", "Is the stack deployed? make status") from error


def _reason(body: bytes) -> str:
    """What a refusal says: its faults, its detail, or its words."""
    try:
        told = json.loads(body)
        faults = [f"{fault['field']}: {fault['message']}" for fault in told.get("errors", ())]
        return "; ".join(faults) or told.get("detail") or told.get("error_description") or told["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "no more is known"


def _text(value: object) -> str:
    """A date or a time, which YAML knows and JSON does not."""
    if isinstance(value, date):
        return value.isoformat()
    raise DeployError(f"A {type(value).__name__} has no JSON form.", "Put it in quotes.")
