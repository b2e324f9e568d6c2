import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import processes
from tests.support.machine import Machine


def test_a_program_that_ends_well_is_ok_and_quoted() -> None:
    lines: list[str] = []
    outcome = processes.run(["sh", "-c", "echo one; echo two >&2"], limit=10, on_line=lines.append)
    assert (outcome.ok, outcome.output, lines) == (True, "one\ntwo", ["one", "two"])


def test_a_failing_programs_last_line_is_its_cause() -> None:
    outcome = processes.run(["sh", "-c", "echo useless; echo because; echo; exit 3"], limit=10)
    assert (outcome.ok, outcome.code, outcome.last_line) == (False, 3, "because")


def test_a_program_that_fails_in_silence_is_told_by_its_code() -> None:
    assert processes.run(["sh", "-c", "exit 3"], limit=10).last_line == "exit code 3"


def test_a_program_that_is_not_there_is_an_outcome(machine: Machine) -> None:
    outcome = processes.run(["nothing-of-that-name"], limit=10)
    assert (outcome.ok, outcome.last_line) == (
        False,
        "nothing-of-that-name does not start: No such file or directory",
    )


def test_a_program_over_its_limit_is_stopped_with_its_children() -> None:
    outcome = processes.run(["sh", "-c", "echo started; sleep 60 & wait"], limit=0.2)
    assert (outcome.ok, outcome.code) == (False, None)
    assert outcome.last_line == "sh did not finish within 0 s"


def test_a_program_that_fills_the_disk_is_told_as_that() -> None:
    with pytest.raises(DeployError, match="The disk is full"):
        processes.run(["sh", "-c", "echo write /x: No space left on device; exit 1"], limit=10)


def test_only_the_end_of_a_long_output_is_kept() -> None:
    outcome = processes.run(["sh", "-c", "i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); done"], limit=10)
    assert outcome.output.splitlines() == [str(number) for number in range(85, 100)]


def test_what_interrupts_the_watcher_ends_the_program() -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        processes.run(["sh", "-c", "echo x; sleep 60"], limit=60, on_line=interrupt)


def test_variables_are_added_to_the_environment(machine: Machine) -> None:
    outcome = processes.run(["/bin/sh", "-c", "echo $HOME $ADDED"], limit=10, environment={"ADDED": "1"})
    assert outcome.output == f"{machine.home} 1"
