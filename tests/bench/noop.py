"""A deploy with nothing changed, against the engine alone doing the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import stack
from tests.bench.measure import Contestants, timed


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``make deploy``, and one ``up`` of the same program by the Automation API; each a whole process."""
    with stack.deployed() as deployed:
        yield timed(lambda: deployed.checkout.done("deploy")), timed(deployed.engine_alone)
