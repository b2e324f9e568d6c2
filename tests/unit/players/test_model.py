"""The API in process does what its model does, whatever comes in whatever order."""

import os
import sys

import pytest

from tests.support.rules.api import Api
from tests.support.rules.machine import run

STEPS = int(os.environ.get("MODEL_STEPS", "150"))
SEED = int(os.environ.get("MODEL_SEED", "7"))


@pytest.mark.usefixtures("each_store")
def test_random_requests_are_answered_as_the_model_says(
    caller: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = run(caller, STEPS, SEED)
    with capsys.disabled():
        sys.stdout.write(f"\n{steps} steps from seed {SEED}, and none diverged\n")
