"""The first deploy of a stack where all tools are in place, against the bare steps and a start of each function."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import change
from tests.bench.measure import Contestants
from tests.bench.stack import Stack, Stacks

_SMOKE_EVENT = json.dumps({"smoke": True})


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make deploy`` until ``GET /`` answers, and the steps of ``change`` and a container a function, one at a time.

    Ours starts the local AWS and makes the repository too; theirs finds both.
    """
    with stacks.new("local-bench-first") as stack:
        yield lambda: _deploy(stack), lambda: _bare_steps(stack)


def _deploy(stack: Stack) -> float:
    stack.checkout.done("clean")
    return change.deploy_of_a_change(stack)


def _bare_steps(stack: Stack) -> float:
    stack.checkout.done("clean")
    stack.change()
    stack.engine_alone("repository")
    return change.bare_steps(stack, change.image_of(stack)) + _starts(stack)


def _starts(stack: Stack) -> float:
    """Seconds that it takes to have a container of every function answer a smoke event, one after the other.

    They are asked as ``$LATEST``: containers that run already are those of the published versions.
    """
    functions = stack.checkout.json("outputs")["function_names"].values()
    client = stack.checkout.client("lambda")
    start = time.perf_counter()
    for function in functions:
        answer = client.invoke(FunctionName=function, Payload=_SMOKE_EVENT)
        assert "FunctionError" not in answer, answer["Payload"].read()
    return time.perf_counter() - start
