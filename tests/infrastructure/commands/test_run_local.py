"""``run_local.run`` with a made-up ``docker`` command."""

import os
import signal
import subprocess
import sys

from infrastructure.tools import credentials, paths
from tests.support.machine import Machine

PROGRAM = """
from infrastructure.commands import run_local
from infrastructure.stack.loading import load_settings
run_local.build = lambda _: run_local.LOCAL_IMAGE
run_local._deployed_environment = lambda *_: {}
raise SystemExit(run_local.run(load_settings("local"), "root", 9000))
"""
DOCKER = """
case "$1" in
  run) echo "$AWS_SECRET_ACCESS_KEY" > seen; echo running
     while [ ! -s stopped ]; do sleep 0.05; done; exit "$(cat stopped)" ;;
  stop) echo 137 > stopped ;;
esac
"""
SECONDS = 30


def started(machine: Machine) -> subprocess.Popen[str]:
    """A process that runs a function; returned when its container runs."""
    machine.tool("docker", DOCKER)
    machine.state.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=machine.state,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def test_a_process_that_is_told_to_end_stops_its_container(machine: Machine) -> None:
    with started(machine) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 128 + signal.SIGTERM
    run, stop = machine.called("docker")
    assert f"--name psn-emulator-run-{process.pid} " in run
    assert run.endswith("psn-emulator:local main.root")
    secret = credentials.local_aws().secret_key
    assert secret not in run
    assert "--env AWS_SECRET_ACCESS_KEY " in run
    assert (machine.state / "seen").read_text().strip() == secret
    assert stop == f"docker stop psn-emulator-run-{process.pid}"


def test_a_container_that_ends_by_itself_gives_its_exit_code(machine: Machine) -> None:
    with started(machine) as process:
        (machine.state / "stopped").write_text("3\n")
        assert process.wait(SECONDS) == 3
    assert len(machine.called("docker")) == 1
