"""What the image is made of is pinned by its hash, and told."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

from infrastructure.get_image_tag import ROOT

PINNED = (ROOT / "infrastructure" / "uv.txt").read_text()


def test_uv_is_pinned_to_one_version_by_hashes() -> None:
    assert len(re.findall(r"^uv==[\d.]+ ", PINNED, re.MULTILINE)) == 1
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", PINNED)) > 10


def test_pip_installs_it_by_its_hash_wherever_it_does() -> None:
    dockerfile, setup = ((ROOT / name).read_text() for name in ("Dockerfile", "bin/setup"))
    installed = re.findall(r"pip install (.*)", dockerfile)
    assert [line for line in installed if "--require-hashes" not in line and "uv pip" not in line] == []
    by_setup = re.findall(r"-m pip install (.*)", setup)
    assert by_setup
    assert all("$pinned" in line for line in by_setup)
    assert "pinned='--require-hashes --only-binary :all: --requirement infrastructure/uv.txt'" in setup


def test_the_bill_of_materials_names_every_package_of_the_image(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    made = subprocess.run(
        ["make", "sbom", f"FILE={file}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    document = json.loads(file.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    named = {component["name"] for component in document["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    held = [*project["dependencies"], *project["optional-dependencies"]["aws"]]
    assert {re.split(r"[\[><=]", line)[0] for line in held} <= named
    assert "pulumi" not in named
    assert all(component["purl"].startswith("pkg:pypi/") for component in document["components"])
