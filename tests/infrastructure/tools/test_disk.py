import errno
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import disk
from tests.support.machine import Machine

SECONDS = 10


def test_a_note_reads_as_it_was_written(machine: Machine) -> None:
    disk.write_note("note.json", {"a": 1})
    assert disk.read_note("note.json") == {"a": 1}
    assert [path.name for path in machine.cache.iterdir()] == ["note.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_damaged_note_counts_as_none(machine: Machine, text: str) -> None:
    disk.replace_file(machine.cache / "note.json", text)
    assert disk.read_note("note.json") == {}


def test_a_failure_is_remembered_for_a_day(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.record_failure("a download", "no network")
    disk.record_failure("another", "no luck")
    assert disk.recent_failure("a download") == "no network"
    assert disk.recent_failure("a third") is None
    monkeypatch.setattr(disk, "RETRY_AFTER", timedelta(0))
    assert disk.recent_failure("a download") is None


def test_a_second_holder_of_a_lock_waits_for_the_first(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = machine.cache / "lock"
    order: list[str] = []

    def second() -> None:
        with disk.lock_file(lock, "the work"):
            order.append("second")

    with disk.lock_file(lock, "the work"):
        waiting = threading.Thread(target=second)
        waiting.start()
        said = ""
        while "Waiting for another command to finish the work" not in said:
            said += capsys.readouterr().err
        order.append("first")
    waiting.join(SECONDS)
    assert order == ["first", "second"]


def test_too_little_room_is_told_before_it_runs_out(machine: Machine) -> None:
    with pytest.raises(
        DeployError, match=r"The disk is too full to build: .* MiB free at .*, 1000000000 MiB needed"
    ):
        disk.require_space(machine.cache / "not" / "there" / "yet", 10**9, "to build")


def test_enough_room_passes(machine: Machine) -> None:
    disk.require_space(machine.cache, 1, "to build")


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, "The disk is full: no space left at /somewhere"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EROFS, "/somewhere/file cannot be written to"),
        (errno.EACCES, "/somewhere/file cannot be written to"),
    ],
)
def test_a_disk_that_refuses_is_told_in_one_line(number: int, cause: str) -> None:
    with pytest.raises(DeployError, match=cause), disk.reporting_errors(Path("/somewhere")):
        raise OSError(number, "no", "/somewhere/file")


def test_another_error_of_the_system_is_left_alone() -> None:
    with pytest.raises(IsADirectoryError), disk.reporting_errors(Path("/somewhere")):
        raise OSError(errno.EISDIR, "no")
