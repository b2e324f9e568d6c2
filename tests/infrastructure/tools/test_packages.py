import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import packages
from tests.support.machine import Machine

WRITES = """
    [ "$1" = --version ] && exit 0
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2" && echo content > "$2/file"
"""


def test_a_uv_that_does_not_work_is_passed_over(machine: Machine) -> None:
    machine.tool("uv", "exit 127")
    own = machine.tool("uv", folder=machine.cache / "uv" / "bin")
    assert packages.find_uv() == own


def test_without_uv_the_remedy_is_set_up(machine: Machine) -> None:
    with pytest.raises(DeployError) as caught:
        packages.find_uv()
    assert "bin/setup" in caught.value.remedy


def test_a_package_is_unpacked_whole_in_place_of_the_one_before(machine: Machine) -> None:
    machine.tool("uv", WRITES)
    target = machine.cache / "tool"
    (target / "old").mkdir(parents=True)
    packages.unpack("tool==1.0", target, python="3.13")
    assert [path.name for path in target.iterdir()] == ["file"]
    assert machine.calls[-1].endswith("tool==1.0")
    assert "--no-deps --only-binary :all: --python-version 3.13" in machine.calls[-1]


def test_a_package_that_cannot_be_had_leaves_what_was_there(machine: Machine) -> None:
    machine.tool("uv", '[ "$1" = --version ] && exit 0; echo no such package; exit 1')
    target = machine.cache / "tool"
    (target / "old").mkdir(parents=True)
    with pytest.raises(DeployError, match=r"tool==1\.0 cannot be had: no such package"):
        packages.unpack("tool==1.0", target)
    assert [path.name for path in machine.cache.iterdir()] == ["tool"]
    assert (target / "old").exists()
