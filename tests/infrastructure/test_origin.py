"""Where a release comes from, and how it is labelled."""

import re
import subprocess
from pathlib import Path

import pytest

from infrastructure import origin
from infrastructure.get_image_tag import ROOT
from infrastructure.origin import Origin


def test_a_release_knows_its_version_and_commit() -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert origin.origin().commit == head.stdout.strip()
    assert f'version = "{origin.origin().version}"' in (ROOT / "pyproject.toml").read_text()


def test_a_release_knows_whether_files_differed_from_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text('[project]\nversion = "9"\n')
    monkeypatch.setattr(origin, "ROOT", checkout)
    assert origin.origin() == Origin("9", "", dirty=False)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    clean = origin.origin()
    assert len(clean.commit) == 40
    assert not clean.dirty
    (checkout / "new.py").write_text("")
    assert origin.origin() == Origin("9", clean.commit, dirty=True)


def test_without_git_a_release_has_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert origin.origin().commit == ""


@pytest.mark.parametrize(
    ("made", "label"),
    [
        (Origin("1.2.3", "0123456789abcdef0123456789abcdef01234567", dirty=False), "1.2.3+0123456789ab"),
        (Origin("1.2.3", "0123456789abcdef0123456789abcdef01234567", dirty=True), "1.2.3+0123456789ab.dirty"),
        (Origin("1.2.3-rc.1", "", dirty=False), "1.2.3-rc.1"),
    ],
)
def test_a_label_is_a_semantic_version_with_its_origin(made: Origin, label: str) -> None:
    assert made.label == label
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?", label)
