"""The commands that operate a sandbox, by their arguments; what they print and their exit codes."""

import json
from pathlib import Path

import pytest

from psn_partner_emulator.__main__ import main
from psn_partner_emulator.testing import Emulator, Sandbox

SEED = """\
users: [{username: kim, password: of-tests, email: kim@example.com, scopes: [openid, "players:read"]}]
players: [{username: Atreus, email: atreus@example.com, country: GR, created_at: 2026-01-01T12:00:00Z}]
"""


@pytest.fixture
def sandbox(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox of the commands' examples, in the emulator that they ask."""
    monkeypatch.setenv("PSN_EMULATOR_URL", emulator.url)
    return emulator.sandbox("ci-7")


def usernames(sandbox: Sandbox) -> list[str]:
    """Its players."""
    return [player["username"] for page in sandbox.export() for player in page["players"]]


def test_a_seed_is_a_file_or_a_name(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(SEED)
    assert main(["seed", "--sandbox", "ci-7", str(file), "--ttl", "PT2H"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(f"{sandbox.base_url} holds its seed (document), until 2")
    assert usernames(sandbox) == ["Atreus"]
    assert main(["seed", "--sandbox", "ci-7", "empty"]) == 0
    assert usernames(sandbox) == []


def test_a_reset_brings_the_seed_back(sandbox: Sandbox) -> None:
    sandbox.seed({"players": []})
    token = sandbox.token()
    assert main(["reset", "--sandbox", "ci-7"]) == 0
    assert sandbox.token() != token


def test_what_is_exported_is_imported(
    sandbox: Sandbox, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grace = {"username": "Grace", "email": "grace@example.com", "country": "US"}
    sandbox.seed({"players": [grace]})
    file = tmp_path / "state.json"
    file.touch(0o644)
    assert main(["export", "--sandbox", "ci-7", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().out.endswith(f"{file} has what {sandbox.base_url} holds\n")
    assert main(["export", "--sandbox", "ci-7"]) == 0
    assert file.read_text().splitlines() == capsys.readouterr().out.splitlines()[-1:]
    file.write_text(json.dumps(json.loads(file.read_text()), indent=2))
    assert main(["import", "--sandbox", "ci-8", str(file)]) == 0
    assert emulator.sandbox("ci-8").export() == sandbox.export()


def test_verify_says_whether_it_is_so(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.reset()
    asked = ["verify", "--sandbox", "ci-7", "--path", "/auth/token"]
    assert main([*asked, "--exactly", "0", "--within", "0.1"]) == 0
    assert main([*asked, "--method", "POST", "--status", "200"]) == 1
    question = json.dumps({"in_order": [{"path": "/auth/token"}]})
    assert main(["verify", "--sandbox", "ci-7", "--question", question]) == 1
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]
    assert said == [
        "as expected: 0",
        "expected at_least 1; there is count 0",
        "expected in_order 1; there is in_order 0",
    ]


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that says why a command fails."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    [line] = captured.err.splitlines()
    return line.removeprefix("error: ")


def test_what_cannot_be_done_is_said_in_a_line(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, listed, empty = (tmp_path / name for name in ("broken.json", "listed.yaml", "empty.json"))
    broken.write_text("{")
    listed.write_text("- 1\n")
    empty.write_bytes(b"")
    assert (
        failure(capsys, "seed", str(tmp_path / "gone"))
        == f"{tmp_path}/gone cannot be read: No such file or directory; seeds that have names are "
        "empty, default, large-1000"
    )
    assert failure(capsys, "seed", str(broken)).startswith(f"{broken} is no YAML or JSON: ")
    assert failure(capsys, "seed", str(listed)).startswith(f"{listed} is no seed: ")
    assert failure(capsys, "import", str(broken)).startswith(f"{broken} is no export: ")
    assert failure(capsys, "import", str(empty)) == f"{empty} is empty"
    sandbox.reset()
    assert "cannot be written" in failure(capsys, "export", "--sandbox", "ci-7", str(tmp_path))
    assert "sandbox_not_found" not in failure(capsys, "export", "--sandbox", "gone")
    assert "No such sandbox" in failure(capsys, "verify", "--sandbox", "gone", "--exactly", "0")
    assert failure(capsys, "verify", "--question", "{").startswith("--question is no JSON")
    assert "leave out --path, --at-most" in failure(
        capsys, "verify", "--question", "{}", "--path", "/players", "--at-most", "0"
    )
    assert failure(capsys, "reset", "--url", "localhost:8080").startswith("'localhost:8080' is no URL")
    assert "wrong" in failure(capsys, "reset", "--user", "admin", "--password", "no")
    assert "answered with 403" in failure(capsys, "reset", "--token", "forged")
    monkeypatch.setenv("PSN_EMULATOR_URL", "http://127.0.0.1:9")
    assert failure(capsys, "reset") == (
        "http://127.0.0.1:9 does not answer: Connection refused; psn-partner-emulator serve starts one"
    )


@pytest.mark.parametrize(
    "arguments", [[], ["sed"], ["reset", "--sand", "x"], ["seed"], ["verify", "--exactly", "x"]]
)
def test_what_is_misspelt_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: psn-partner-emulator")


def test_the_help_names_every_command_and_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for name in ("serve", "seed", "reset", "export", "import", "verify"):
        assert f"\n    {name} " in shown
    assert "psn-partner-emulator seed --sandbox ci-7 seed.yaml" in shown
    assert max(map(len, shown.splitlines())) <= 104


@pytest.mark.parametrize("command", ["seed", "reset", "export", "import", "verify"])
def test_the_help_of_a_command_says_how_secrets_are_given(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert "PSN_EMULATOR_PASSWORD" in shown
    assert "PSN_EMULATOR_TOKEN" in shown
