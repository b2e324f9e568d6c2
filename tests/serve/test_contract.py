"""What holds for a deployed API over HTTP holds for the one that is served here: the same tests, another base URL."""

import os
import subprocess
import sys

from tests.e2e.deployed import SERVED
from tests.support.served import ROOT, Served

FILES = (
    "test_api.py",
    "test_borders.py",
    "test_faults.py",
    "test_ordered_tokens.py",
    "test_requests_oauthlib.py",
    "test_run_time_accounts.py",
    "test_sandbox_clock.py",
    "test_sandboxes.py",
)


def test_the_tests_of_a_deployed_api_hold(served: Served) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *(f"tests/e2e/{name}" for name in FILES)],
        cwd=ROOT,
        env={**os.environ, SERVED: served.url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:]
    assert "skipped" not in run.stdout
