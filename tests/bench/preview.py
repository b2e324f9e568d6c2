"""The preview of a one-line change, against the engine's own of the same program."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.bench.measure import Contestants, timed
from tests.bench.stack import Stacks


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make preview``, and one ``preview`` by the Automation API; each a whole process."""
    deployed = stacks.deployed
    deployed.change()
    yield timed(partial(deployed.checkout.done, "preview")), timed(partial(deployed.engine_alone, "preview"))
