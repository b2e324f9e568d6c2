"""The state of a stack, against boto3 asking the same questions one after the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.stack.names import Names
from tests.bench.measure import Contestants, timed
from tests.bench.stack import Stacks, done

CALLS = Path(__file__).with_name("status_calls.py")


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make status``, and an interpreter that imports boto3 and makes its calls in turn; each a whole process."""
    checkout = stacks.deployed.checkout
    outputs = checkout.json("outputs")
    base = Names(checkout.environment["STACK"]).base
    environment = os.environ | {
        **checkout.credential().environment(),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://localhost:{checkout.environment['LOCAL_AWS_PORT']}",
    }
    command = [str(checkout.folder / ".venv/bin/python"), str(CALLS), base, outputs["api_url"]]
    command += [outputs["table_name"], *outputs["function_names"]]
    yield (
        # What is wrong with a stack, such as a full disk, makes it fail, and is no matter of its time.
        timed(lambda: checkout.make("status")),
        timed(lambda: done(checkout.folder, command, environment)),
    )
