"""One round of every benchmark that needs no stack, and what a run of them says and keeps."""

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

import tests.bench
from tests.bench import page, sandbox, table_scale, tag
from tests.bench.__main__ import main, run
from tests.bench.benchmarks import UNDEPLOYED
from tests.bench.measure import Benchmark, Contestants, measure
from tests.bench.stack import Stacks
from tests.support import node

MODULES = [module.name for module in pkgutil.iter_modules(tests.bench.__path__)]


@pytest.mark.parametrize("name", UNDEPLOYED)
def test_both_sides_of_a_benchmark_go(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag, "FILES", 200)
    monkeypatch.setattr(page, "MANY", 400)
    monkeypatch.setattr(sandbox, "MANY", 20)
    monkeypatch.setattr(table_scale, "MANY", 2000)
    monkeypatch.setattr(table_scale, "FEW", 1500)
    for repeating in (page, sandbox, table_scale):
        monkeypatch.setattr(repeating, "TIMES", 1)
    for result in measure(name, UNDEPLOYED[name], 1, warm_up=False):
        assert result.ours > 0
        assert result.theirs > 0
        assert result.ratio == result.ours / result.theirs


# Mangum asks for the event loop of a thread that has none yet.
@pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning:mangum")
@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_benchmarks_is_imported(
    module: str, environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    importlib.import_module(f"tests.bench.{module}")


def test_a_change_of_the_tree_is_another_release_and_the_echo_is_a_function_of_it() -> None:
    with ExitStack() as cleanup:
        stack = cleanup.enter_context(Stacks(cleanup, ("root",)).new("local-bench-tree"))
        hashes = [stack.checkout.content_hash()]
        for _ in range(2):
            stack.change()
            hashes.append(stack.checkout.content_hash())
        assert len(set(hashes)) == 3
        script = "import main; print(main.echo({'rawPath': '/echo/1'}, None)['body'], *(r.name for r in main.ROUTES))"
        assert stack.done(".venv/bin/python", "-c", script) == '{"rawPath": "/echo/1"} echo root\n'


def test_each_side_goes_first_as_often_as_the_other_and_warms_up_before() -> None:
    went: list[str] = []
    measure("sides", Benchmark(_sides(went, 1.0, 2.0), "theirs", 1.0), rounds=2)
    assert went == ["ours", "theirs", "ours", "theirs", "theirs", "ours"]


def test_a_size_is_measured_once() -> None:
    went: list[str] = []
    (result,) = measure("size", Benchmark(_sides(went, 1.0, 2.0), "theirs", 1.0, "bytes"), rounds=5)
    assert (went, result.rounds) == (["ours", "theirs"], 1)


def test_a_run_keeps_medians_noise_ratio_limit_and_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench" / "results.json"
    within, over = (Benchmark(_sides([], ours, 2.0), "theirs", 1.0) for ours in (1.0, 3.0))
    assert run({"kept": within}, 3, file) == 0
    assert run({"within": within, "over": over}, 3, file) == 1
    results = {item["name"]: item for item in json.loads(file.read_text())}
    assert list(results) == ["kept", "within", "over"]
    assert results["over"] == {
        "name": "over",
        "against": "theirs",
        "unit": "seconds",
        "rounds": 3,
        "ours": 3.0,
        "ours_spread": [3.0, 3.0],
        "theirs": 2.0,
        "theirs_spread": [2.0, 2.0],
        "ratio": 1.5,
        "limit": 1.0,
        "verdict": "too much",
    }
    assert results["within"]["verdict"] == "holds"
    told = capsys.readouterr()
    assert "3.00 s (3.00 to 3.00)" in told.out
    assert "over: round 3 of 3" in told.err


def test_what_needs_npm_is_skipped_with_a_word_where_npm_has_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    within = Benchmark(_sides([], 1.0, 2.0), "theirs", 1.0)
    assert run({"page": UNDEPLOYED["page"], "within": within}, 1, tmp_path / "bench" / "results.json") == 0
    told = capsys.readouterr().out
    assert "skipped page: npm cannot reach its registry (ECONNREFUSED)" in told
    assert "within" in told


def test_a_lock_file_of_other_packages_is_no_matter_of_the_network(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "package.json").write_text('{"dependencies": {"dynalite": "4.0.0"}}')
    (package / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {"": {}}}')
    with pytest.raises(AssertionError, match="EUSAGE"):
        node.installed(package, tmp_path / "folder")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nope"], "error: make bench: ONLY: there is no nope; there are tag, "),
        (["--rounds=0", "tag"], "error: make bench: ROUNDS: '0' is none: a median takes at least one round"),
        (["--rounds=", "tag"], "error: make bench: ROUNDS: '' is none: a median takes at least one round"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    said = capsys.readouterr().err
    assert said.startswith(why)
    assert said.count("\n") == 1


def _sides(went: list[str], ours: float, theirs: float) -> Callable[[], AbstractContextManager[Contestants]]:
    """Sides that take no time, say what they took and note in ``went`` that they went."""

    def side(name: str, taken: float) -> float:
        went.append(name)
        return taken

    @contextmanager
    def contestants() -> Iterator[Contestants]:
        yield partial(side, "ours", ours), partial(side, "theirs", theirs)

    return contestants
