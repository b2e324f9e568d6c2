"""The plugin of pytest, in a pytest of its own: its fixtures, and what it says when there is no emulator."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest

seen = []

def test_a_sandbox_is_a_test_s_own(sandbox, emulator):
    assert sandbox.base_url.startswith(emulator.url + "/s/test-a-sandbox-is-a-test-s-own-")
    assert sandbox.token()
    seen.append(sandbox)

def test_it_is_gone_when_the_test_has_ended(sandbox):
    assert sandbox.name != seen[0].name
    with pytest.raises(Exception, match="No such sandbox"):
        seen[0].export()

@pytest.mark.sandbox(seed={"players": [{"username": "Grace", "email": "grace@example.com", "country": "US"}]})
def test_it_holds_what_its_mark_says(sandbox):
    assert [player["username"] for player in sandbox.export()[0]["players"]] == ["Grace"]

def test_that_fails(sandbox):
    import urllib.request
    urllib.request.urlopen(sandbox.base_url + "/.well-known/openid-configuration").close()
    sandbox.requests.verify(path="/players")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of an integrator's, with the plugin."""
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p psn_partner_emulator.testing.plugin -p no:cacheprovider")
    pytester.makepyfile(SUITE)
    return pytester


def test_each_test_has_a_sandbox_of_an_emulator_that_runs(suite: pytest.Pytester, url: str) -> None:
    result = suite.runpytest_subprocess(f"--emulator-url={url}")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*VerificationError: expected at_least 1; there is count 0"])
    result.stdout.fnmatch_lines(["*requests of *", "20* GET /.well-known/openid-configuration → 200"])


def test_nothing_is_started_for_tests_that_need_no_emulator(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_alone():\n    pass\n")
    suite.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is on the path before the system's; nobody says where an emulator runs."""
    monkeypatch.delenv("PSN_EMULATOR_URL", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return tmp_path


@pytest.mark.usefixtures("programs")
def test_where_there_is_no_emulator_it_is_said_how_one_is_had(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess()
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["E*UsageError: There is no psn-partner-emulator here: install it*"])


def test_an_emulator_that_does_not_start_is_tried_once_for_all_processes(
    suite: pytest.Pytester, programs: Path
) -> None:
    command, started = programs / "psn-partner-emulator", programs / "started"
    command.write_text(f"#!/bin/sh\necho $$ >> {started}\necho 'error: the disk is full' >&2\nexit 1\n")
    command.chmod(0o755)
    result = suite.runpytest_subprocess("-p", "xdist", "-n2")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(
        ["E*UsageError: psn-partner-emulator does not start: error: the disk is full"]
    )
    assert len(started.read_text().splitlines()) == 1
