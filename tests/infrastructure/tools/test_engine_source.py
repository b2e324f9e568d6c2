import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from infrastructure.tools import engine_source
from infrastructure.tools.engine_source import MODULE
from tests.support.machine import Machine

GO = """
case "$1 $2" in
  "mod download") ;;
  "list -m") shift 4; for module; do echo "$HOME/$module"; done ;;
  *) exit 1 ;;
esac
"""
PULUMI = "github.com/pulumi/pulumi/pkg/v3"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine's module at a place where a test may change it."""
    folder = tmp_path / "engine_build"
    shutil.copytree(MODULE, folder)
    monkeypatch.setattr(engine_source, "MODULE", folder)
    monkeypatch.setattr(engine_source, "_STUBS", folder / "stubs")
    return folder


@pytest.fixture
def composed(machine: Machine) -> Path:
    """What would be built of modules that have a few files each."""
    for module in engine_source.required_modules():
        (machine.home / module).mkdir(parents=True)
        (machine.home / module / "go.mod").write_text(f"module {module}\n")
        (machine.home / module / "root.go").write_text("package root\n")
    cloud = machine.home / PULUMI / "cmd" / "pulumi" / "cloud"
    for file in (
        cloud / "api.go",
        cloud / "spec" / "spec.go",
        cloud.parent / "stack" / "stack.go",
        cloud.parent / "stack" / "stack_test.go",
        cloud.parent / "stack" / "testdata" / "stack.go",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("package theirs\n")
        file.chmod(0o444)
    folder = machine.home / "source"
    engine_source.compose(machine.tool("go", GO), folder)
    return folder


def test_a_package_that_is_left_out_is_replaced_in_a_copy_of_its_module(composed: Path) -> None:
    module = composed / "modules" / PULUMI.replace("/", "_")
    commands = module / "cmd" / "pulumi"
    assert (module / "root.go").exists()
    assert [path.name for path in (commands / "cloud").glob("*.go")] == ["cloud.go"]
    assert "stands for `pulumi api`" in (commands / "cloud" / "cloud.go").read_text()
    assert (commands / "cloud" / "spec" / "spec.go").read_text() == "package theirs\n"
    assert [path.name for path in (commands / "stack").iterdir()] == ["stack.go"]
    (commands / "stack" / "stack.go").write_text("may be written to")


def test_a_stub_for_a_whole_module_has_nothing_of_it(composed: Path, machine: Machine) -> None:
    module = composed / "modules" / "google.golang.org_api"
    assert {str(path.relative_to(module)) for path in module.rglob("*.*")} == {
        "go.mod",
        "cloudkms/v1/cloudkms.go",
    }
    assert not [call for call in machine.called("go") if "google.golang.org/api" in call]


def test_a_stub_of_a_modules_root_leaves_what_go_must_know_of_the_module(composed: Path) -> None:
    module = composed / "modules" / "gocloud.dev_secrets_hashivault"
    assert {path.name for path in module.iterdir()} == {"go.mod", "hashivault.go"}
    outer = composed / "modules" / "gocloud.dev"
    assert (outer / "secrets" / "gcpkms" / "gcpkms.go").exists()
    assert not list(outer.rglob("hashivault.go"))


def test_what_is_composed_is_the_engines_module_with_every_copy_in_place(composed: Path) -> None:
    text = (composed / "go.mod").read_text()
    assert text.startswith((MODULE / "go.mod").read_text())
    replaced = dict(re.findall(r"^replace (\S+) => \./(modules/\S+)$", text, re.MULTILINE))
    assert set(replaced) == set(engine_source.stubbed_packages())
    assert all((composed / folder / "go.mod").exists() for folder in replaced.values())
    for name in ("main.go", "go.sum", "leftout/leftout.go"):
        assert (composed / name).read_bytes() == (MODULE / name).read_bytes()
    assert not (composed / "stubs").exists()


@pytest.mark.parametrize(
    "name", ["main.go", "go.mod", "go.sum", "leftout/leftout.go", "stubs/gocloud.dev/blob/gcsblob/gcsblob.go"]
)
def test_the_recipe_changes_with_every_file_that_is_built(copy: Path, name: str) -> None:
    before = engine_source.recipe()
    with (copy / name).open("a") as file:
        file.write("\n")
    assert engine_source.recipe() != before


def test_the_recipe_changes_with_a_name_and_a_setting_and_with_nothing_else(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = [engine_source.recipe()]
    (copy / "main.go~").write_text("of an editor")
    assert engine_source.recipe() == recipes[0]
    (copy / "leftout").rename(copy / "renamed")
    recipes.append(engine_source.recipe())
    monkeypatch.setattr(engine_source, "_COMPILER", "all=-N")
    recipes.append(engine_source.recipe())
    assert len(set(recipes)) == 3
    assert all(re.fullmatch("[0-9a-f]{12}", each) for each in recipes)


def test_every_stub_is_of_a_module_that_the_engine_is_made_of() -> None:
    stubs = {path.parent.relative_to(MODULE / "stubs") for path in MODULE.glob("stubs/**/*.go")}
    packages = {module / path for module, paths in engine_source.stubbed_packages().items() for path in paths}
    assert packages == stubs
    assert Path("gocloud.dev/secrets/hashivault") in packages
    assert engine_source.stubbed_packages()["gocloud.dev/secrets/hashivault"] == {Path()}


def test_the_module_pins_the_sdks_own_version_and_names_no_host() -> None:
    text = (MODULE / "go.mod").read_text()
    assert engine_source.required_modules()[PULUMI] == f"v{version('pulumi')}"
    assert re.search(r"^module psn\.local/engine$", text, re.MULTILINE)


def test_every_module_that_is_required_has_its_checksum() -> None:
    sums = (MODULE / "go.sum").read_text()
    replaced = "github.com/atotto/clipboard"
    required = {name: pinned for name, pinned in engine_source.required_modules().items() if name != replaced}
    assert len(required) > 200
    assert [name for name, pinned in required.items() if f"{name} {pinned}/go.mod h1:" not in sums] == []


def test_the_build_command_stamps_the_version_into_the_engine(tmp_path: Path) -> None:
    command = engine_source.build_command(Path("/go/bin/go"), tmp_path / "pulumi", "3.259.0")
    assert command[:3] == [Path("/go/bin/go"), "build", "-v"]
    assert "sdk/v3/go/common/version.Version=v3.259.0" in " ".join(map(str, command))
    assert command[-3:] == ["-o", tmp_path / "pulumi", "."]
