"""``docker run`` to the first answer, against a bare handler from the same base image."""

import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure import get_image_tag
from infrastructure.commands import run_local
from tests.bench import stack
from tests.bench.measure import Contestants
from tests.support.checkout import ROOT

BARE = "psn-emulator:bare"
_HANDLER = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
_PATH = "/2015-03-31/functions/function/invocations"
_ANSWER_SECONDS = 30
_EVENT = {
    "version": "2.0",
    "routeKey": "GET /",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {"accept": "application/json"},
    "requestContext": {
        "requestId": "bench",
        "stage": "$default",
        "http": {"method": "GET", "path": "/", "sourceIp": "127.0.0.1", "userAgent": "bench"},
    },
    "isBase64Encoded": False,
}


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``GET /`` answered by its function's container, and the same event by a handler that imports nothing."""
    stack.done(ROOT, ["make", "-s", "build-local"])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bare.py").write_text(_HANDLER)
        Path(folder, "Dockerfile").write_text(
            f'FROM {get_image_tag.recorded_base_image()}\nCOPY bare.py /var/task/\nCMD ["bare.handler"]\n'
        )
        subprocess.run(["docker", "build", "--quiet", "--tag", BARE, folder], check=True, capture_output=True)
    try:
        yield (
            lambda: _first_answer(run_local.LOCAL_IMAGE, "main.root"),
            lambda: _first_answer(BARE, "bare.handler"),
        )
    finally:
        subprocess.run(["docker", "image", "rm", BARE], check=True, capture_output=True)


def _first_answer(image: str, command: str) -> float:
    """Seconds from ``docker run`` to the first answer of the function; its container is gone afterwards."""
    variables = [word for item in run_local.PLACEHOLDERS.items() for word in ("--env", "=".join(item))]
    run = ["docker", "run", "--detach", "--publish", "127.0.0.1::8080", *variables, image, command]
    start = time.perf_counter()
    container = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        shown = subprocess.run(
            ["docker", "port", container, "8080"], check=True, capture_output=True, text=True
        ).stdout
        _ask(int(shown.split()[0].rpartition(":")[2]), start + _ANSWER_SECONDS)
        return time.perf_counter() - start
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


def _ask(port: int, deadline: float) -> None:
    """Sends the event until it is answered with 200."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", _PATH, json.dumps(_EVENT))
            answer = json.loads(connection.getresponse().read())
            assert answer.get("statusCode") == 200, answer
            return
        except (OSError, http.client.HTTPException):
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.005)
        finally:
            connection.close()
