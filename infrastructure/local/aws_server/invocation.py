"""Invokes the function in a container, which takes an invocation from whoever reaches it.

Nothing but this server does: the containers' network keeps them apart from one another and from all other containers,
no port of theirs is published, and they listen where no browser connects to.
"""

import json
import time
import urllib.request
from typing import Any

from . import gateway, internals

PORT = 6000
"""A port that browsers refuse to connect to (Fetch Standard: "Port blocking")."""

_functions = internals.functions
_PATH = "/2015-03-31/functions/function/invocations"
_PAUSE_SECONDS = 0.1
_LOG_SECONDS = 0.25
"""How long Docker may take to have what a container wrote before it answered: it reads that in its own time."""
_LOG_PAUSE_SECONDS = 0.005


def entrypoint() -> list[str]:
    """The command that listens on ``PORT`` for invocations and starts the image's own entry point, which both Lambda's
    base image and the stand-in have here."""
    address = ["--runtime-interface-emulator-address", f"0.0.0.0:{PORT}"]
    return ["/usr/local/bin/aws-lambda-rie", *address, "/lambda-entrypoint.sh"]


def _invoke(container: Any, event: Any, timeout: int, request_id: str) -> dict[str, Any]:
    """What ministack's own function returns of an invocation, which asks on another port."""
    gateway.invoked(event, request_id)
    deadline = time.time() + min(timeout + 2.0, _functions._RIE_CONNECT_RETRY_SECONDS)
    while time.time() < deadline:
        container.reload()
        if container.status != "running":
            break
        began = time.time()
        try:
            answer, error = _ask(_address(container), event, timeout, request_id)
        except OSError as failure:
            if not _functions._rie_failure_is_retryable(failure):
                result = _functions._rie_terminal_result(failure, timeout, _log(container, since=began))
                return {**result, "log_source": "rie"}
            time.sleep(_PAUSE_SECONDS)
        else:
            return _result(answer, error, _whole_log(container, began, request_id))
    log = _log(container)
    failed = {"errorMessage": f"The function does not come up: {log[:500]}", "errorType": "Runtime.ExitError"}
    return {"body": failed, "error": True, "log": log}


def _address(container: Any) -> str:
    """The container's address in its only network."""
    [network] = container.attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def _ask(address: str, event: Any, timeout: int, request_id: str) -> tuple[str, str]:
    """The answer of the function, and the kind of its error, empty where there is none. Raises ``OSError``."""
    request = urllib.request.Request(
        f"http://{address}:{PORT}{_PATH}",
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json", "X-Amzn-RequestId": request_id},
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 # nosec B310 - a container's address
        names = ("X-Amz-Function-Error", "Lambda-Runtime-Function-Error-Type")
        error = next((answer.headers[name] for name in names if answer.headers[name]), "")
        return answer.read().decode(errors="replace"), error


def _result(answer: str, error: str, log: str) -> dict[str, Any]:
    result: dict[str, Any] = {"log": log, "log_source": "rie"}
    try:
        result["body"] = json.loads(answer)
    except ValueError:
        result |= {"body": answer, "raw_payload": True}
    kind = _functions._classify_function_error(result["body"], error)
    if kind is not None:
        result |= {"error": True, "function_error": kind}
        if isinstance(result["body"], str) and _functions._RIE_TIMEOUT_TEXT_RE.fullmatch(result["body"]):
            failed = {"errorMessage": result["body"], "errorType": "Sandbox.Timedout"}
            result |= {"body": failed, "timeout": True}
    return result


def _whole_log(container: Any, began: float, request_id: str) -> str:
    """What the container has logged since ``began`` up to the report that ends each invocation; without one, as after a
    failure, what there is in the end."""
    deadline = time.time() + _LOG_SECONDS
    while f"REPORT RequestId: {request_id}" not in (log := _log(container, since=began)):
        if time.time() > deadline:
            break
        time.sleep(_LOG_PAUSE_SECONDS)
    return log


def _log(container: Any, since: float | None = None) -> str:
    """What the container has logged, from ``since`` on (seconds since 1970)."""
    text: bytes = container.logs(stdout=True, stderr=True, since=since)
    return text.decode(errors="replace").strip()


_functions._invoke_rie = _invoke
