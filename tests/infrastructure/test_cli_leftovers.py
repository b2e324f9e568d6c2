"""What dies with a failed command writes nothing over its one line of cause."""

import subprocess
import sys

import pytest

LEAVES = {
    "a coroutine": "left = asyncio.sleep; left(1)",
    "an object": "class Left:\n    def __del__(self): raise RuntimeError('left')\nLeft()",
    "a thread": "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()",
}
COMMAND = """
import asyncio, sys, threading
from infrastructure import cli
from infrastructure.commands import local_targets
from infrastructure.errors import DeployError

def check_docker(options):
    exec(sys.argv[1])
    raise DeployError("It failed.", "Repair it.")

local_targets.check_docker = check_docker
sys.exit(cli.main(["check-docker"]))
"""


@pytest.mark.parametrize("left", LEAVES)
def test_what_a_failed_command_leaves_is_not_told(left: str) -> None:
    failed = run(left)
    assert (failed.returncode, failed.stderr) == (1, "error: It failed.\n       Repair it.\n")


@pytest.mark.parametrize("left", LEAVES)
def test_it_is_told_to_who_wants_to_see_all(left: str) -> None:
    assert len(run(left, DEBUG="1").stderr.splitlines()) > 2


def run(left: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that leaves something and fails."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, LEAVES[left]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
