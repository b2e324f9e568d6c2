"""Where the tests' browser comes from."""

import sys
from pathlib import Path

import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import docker_daemon
from tests.browser import chromium
from tests.support.machine import Machine


@pytest.fixture(autouse=True)
def _no_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "APPLICATIONS", ())


@pytest.fixture
def own(machine: Machine) -> Path:
    """Where Playwright's browser would be."""
    return machine.cache / "playwright" / "chrome"


@pytest.fixture
def download(machine: Machine, own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Playwright's download, which works."""
    script = f'mkdir -p "{own.parent}"; printf "#!/bin/sh\\n" > "{own}"; chmod +x "{own}"'
    fetch = machine.tool("fetch", script)
    monkeypatch.setattr(sys, "executable", str(fetch))
    return fetch


@pytest.fixture
def no_download(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's download, which does not."""
    monkeypatch.setattr(sys, "executable", str(machine.tool("fetch", "echo no such host; exit 1")))


def _user(monkeypatch: pytest.MonkeyPatch, *, root: bool) -> None:
    monkeypatch.setattr(docker_daemon, "is_root", lambda: root)


@pytest.mark.parametrize("command", chromium.COMMANDS)
def test_one_on_the_path_is_taken(machine: Machine, own: Path, command: str) -> None:
    browser = machine.tool(command)
    assert chromium.ensure(own) == browser


def test_one_on_the_path_that_does_not_start_is_passed_over(machine: Machine, own: Path) -> None:
    machine.tool("chromium", "echo install the snap; exit 1")
    chrome = machine.tool("google-chrome")
    assert chromium.ensure(own) == chrome


def test_playwrights_own_is_taken_where_there_is_no_other(machine: Machine, own: Path) -> None:
    machine.tool("chrome", folder=own.parent)
    assert chromium.ensure(own) == own
    assert machine.calls == ["chrome --version"]


def test_playwright_is_asked_before_the_system(
    machine: Machine, own: Path, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _user(monkeypatch, root=True)
    machine.tool("apt-get")
    assert chromium.ensure(own) == own
    assert machine.called("fetch") == ["fetch -m playwright install --no-shell chromium"]
    assert not machine.called("apt-get")


def test_root_gets_the_systems_package_where_playwright_has_none(
    machine: Machine, own: Path, no_download: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _user(monkeypatch, root=True)
    path = machine.tools / "chromium"
    machine.tool("apt-get", f'printf "#!/bin/sh\\n" > "{path}"; chmod +x "{path}"')
    assert chromium.ensure(own) == path
    assert machine.called("apt-get")[-1].endswith("install chromium")


def test_a_package_that_gives_no_browser_is_told(
    machine: Machine, own: Path, no_download: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _user(monkeypatch, root=True)
    machine.tool("apt-get")
    with pytest.raises(DeployError, match="was installed, but does not start"):
        chromium.ensure(own)


@pytest.mark.usefixtures("no_download")
@pytest.mark.parametrize(("root", "apt"), [(False, True), (True, False)])
def test_others_are_told_why_there_is_none(
    machine: Machine, own: Path, monkeypatch: pytest.MonkeyPatch, root: bool, apt: bool
) -> None:
    _user(monkeypatch, root=root)
    if apt:
        machine.tool("apt-get")
    with pytest.raises(DeployError, match="no such host") as error:
        chromium.ensure(own)
    assert error.value.remedy == "Install Chromium or Chrome, then run this again."


def test_a_download_that_does_not_start_is_told(
    machine: Machine, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _user(monkeypatch, root=False)
    monkeypatch.setattr(sys, "executable", str(machine.tool("fetch")))
    with pytest.raises(DeployError, match="it does not start here"):
        chromium.ensure(own)
