"""One round of every benchmark that is about a stack, on stacks of few routes, or about what is served without AWS."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bench import serve, warm_get
from tests.bench.benchmarks import SERVED, deployed
from tests.bench.measure import Benchmark, measure
from tests.bench.stack import Stacks
from tests.support.checkout import FEW_ROUTES


@pytest.fixture(scope="module")
def benchmarks() -> Iterator[dict[str, Benchmark]]:
    """The benchmarks of one run, which share a stack."""
    with ExitStack() as cleanup:
        yield deployed(Stacks(cleanup, FEW_ROUTES))


@pytest.mark.parametrize("name", deployed(Stacks(ExitStack())))
def test_both_sides_of_a_benchmark_go(
    name: str, benchmarks: dict[str, Benchmark], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_get, "REQUESTS", 20)
    for result in measure(name, benchmarks[name], 1, warm_up=False):
        assert result.ours > 0
        assert result.theirs > 0
        assert result.ratio == result.ours / result.theirs


@pytest.mark.parametrize("name", SERVED)
def test_both_sides_of_one_of_what_is_served_go(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "REQUESTS", 20)
    monkeypatch.setattr(serve, "MANY", 20)
    for result in measure(name, SERVED[name], 1, warm_up=False):
        assert result.ours > 0
        assert result.theirs > 0
