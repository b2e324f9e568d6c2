"""A deploy that is killed at any moment leaves nothing that the next one does not mend.

``KILLS`` says how often a deploy is killed, ``SEED`` when. Each moment lies in a part of its own of the time that
a deploy takes, so that all phases have their share.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.kills import inventory
from tests.kills.caller import calling
from tests.support.checkout import FEW_ROUTES, SHARED, Checkout, checkout_in

KILLS = int(os.environ.get("KILLS") or 1)
SEED = int(os.environ.get("SEED") or 5)
NAME = '"PSN Partner Emulator'
ROUTES = "ROUTES: tuple[Route, ...] = (\n"
TWICE = 0.25
"""How often the deploy after a killed one is killed too."""

FIRST = (
    "Starting the local AWS",
    "created aws:dynamodb:Table",
    "created aws:lambda:Function",
    "created aws:lambda:Invocation",
    "created aws:lambda:Alias",
)
"""What a first deploy has said when it is killed."""

ROUTE = '    Route("extra", "GET", "/extra", "handlers.health:root"),\n'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is this module's own; destroyed and stopped at the end."""
    checkout = checkout_in(tmp_path_factory.mktemp("killed"), "local-kills")
    checkout.keep_routes(*FEW_ROUTES, "extra")
    checkout.share_functions(SHARED)
    checkout.be_patient()
    try:
        yield checkout
        checkout.done("destroy")
    finally:
        checkout.make("down")
        checkout.make("clean")


def killed(checkout: Checkout, seconds: float) -> bool:
    """Starts a deploy and kills all of its processes after so many seconds; whether it had not ended before."""
    with checkout.start("deploy") as process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode == -signal.SIGKILL


def deploy_seconds(checkout: Checkout) -> float:
    """How long a deploy takes."""
    start = time.monotonic()
    checkout.done("deploy")
    return time.monotonic() - start


def change(checkout: Checkout, number: int) -> str:
    """Changes the answer of ``GET /``, and adds a route or takes it away; the name that it answers. The
    API's description is written anew here, as a deploy does it, so that the tree's hash is that of its release."""
    name = f"PSN Partner Emulator {number}"
    health = checkout.folder / "handlers" / "health.py"
    before, _, rest = health.read_text().partition(NAME)
    health.write_text(f'{before}"{name}"{rest.partition('"')[2]}')
    routes = (checkout.folder / "routes.py").read_text()
    there = ROUTE in routes
    changed = routes.replace(ROUTE, "") if there else routes.replace(ROUTES, ROUTES + ROUTE)
    (checkout.folder / "routes.py").write_text(changed)
    checkout.done("openapi")
    return name


def tell(line: str) -> None:
    """Says how far the test is, to who runs it with ``-s``."""
    sys.stderr.write(f"{line}\n")


def assert_mended(checkout: Checkout) -> str:
    """Deploys once, which has to leave nothing to do and nothing behind; what the deploy said."""
    deploy = checkout.make("deploy")
    assert deploy.returncode == 0, deploy.stderr
    assert checkout.json("preview", DETAILED="1")["changes"] == []
    assert inventory.existing(checkout) == inventory.known(checkout)
    return deploy.stderr


def test_a_killed_first_deploy_is_finished_by_the_next(checkout: Checkout) -> None:
    moments = FIRST if KILLS > 1 else random.Random(SEED).sample(FIRST, 1)
    for number, moment in enumerate(moments):
        if number:
            checkout.done("destroy")
        checkout.cut_off("deploy", at=moment)
        assert ("was cut off" in assert_mended(checkout)) is moment.startswith("created")


def test_a_killed_deploy_is_finished_by_the_next_and_no_caller_notices(checkout: Checkout) -> None:
    chance = random.Random(SEED)
    moments = [(part + chance.random()) / KILLS for part in range(KILLS)]
    chance.shuffle(moments)
    tell(f"killing with SEED={SEED}")
    live = {change(checkout, 0), checkout.content_hash()}
    seconds = deploy_seconds(checkout)
    with calling(str(checkout.json("outputs")["api_url"])) as caller:
        for number, moment in enumerate(moments, 1):
            new = {change(checkout, number), checkout.content_hash()}
            after = moment * seconds
            while not killed(checkout, after):
                live, after = live | new, after * 0.8
                new = {change(checkout, number), checkout.content_hash()}
            if chance.random() < TWICE:
                killed(checkout, chance.random() * seconds)
            assert_mended(checkout)
            assert caller.answers() <= {"player"} | live | new
            live = new
            assert caller.answers() <= {"player"} | live
            tell(
                f"{number} of {KILLS}: killed after {after:.1f} s of {seconds:.1f} s; {caller.calls} calls so far"
            )
