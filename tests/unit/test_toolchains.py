"""What the tests of unmodified clients say on a machine that lacks a tool, in one line."""

from pathlib import Path

import pytest

from infrastructure.tools import toolchain
from tests.support import golang, java
from tests.support.machine import Machine

E2E = Path(__file__).resolve().parents[1] / "e2e"
BRINGS_ANOTHER = """
for word; do
    case $word in *outputDirectory*) mkdir "${word#*=}"; touch "${word#*=}/a.jar";; esac
done
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without tools."""
    return Machine(tmp_path, monkeypatch)


def reason_of(failure: pytest.ExceptionInfo[BaseException]) -> str:
    """What a test fails with."""
    return str(failure.value)


def test_without_go_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_module: Path) -> Path:
        raise toolchain.NotAvailableError("there is no Go to build it with")

    monkeypatch.setattr(toolchain, "resolve", none)
    with pytest.raises(pytest.fail.Exception) as failure:
        golang.built(E2E / "go_oidc", tmp_path)
    assert reason_of(failure) == "No Go for go_oidc: there is no Go to build it with"


def test_modules_that_cannot_be_had_are_told(machine: Machine, tmp_path: Path) -> None:
    machine.tool("go", 'test "$1" = env && echo go1.99.0 && exit; echo "dial tcp: no such host" >&2; exit 1')
    with pytest.raises(pytest.fail.Exception) as failure:
        golang.built(E2E / "go_oidc", tmp_path)
    assert reason_of(failure) == "go_oidc cannot be built: dial tcp: no such host"


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["javac", "mvn"])
def test_without_java_or_maven_it_is_told_which(name: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=f"There is no {name} on PATH: install a JDK"):
        java.tool(name)


@pytest.mark.parametrize(
    ("maven", "reason"),
    [
        (BRINGS_ANOTHER, "a.jar"),
        ("echo '[ERROR] no such host'; exit 1", "no such host"),
    ],
    ids=["others", "none"],
)
def test_other_libraries_than_the_locked_ones_are_not_kept(machine: Machine, maven: str, reason: str) -> None:
    machine.tool("mvn", maven)
    with pytest.raises(pytest.fail.Exception, match=reason):
        java.libraries(E2E / "nimbus")
    assert list(machine.cache.iterdir()) == []
