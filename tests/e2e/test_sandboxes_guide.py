"""The guide to sandboxes does what it says, pasted from its beginning to its end into a shell in the checkout."""

import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.guide import SANDBOXES, pasted
from tests.e2e.sandboxes import LOGIN, admin_client, base, bearer, login
from tests.support.checkout import Checkout

_NAMED = ("job-1", "ci-7", "ci-8")
_CURL = """\
curl() {
    command curl "$@" -w '\\n%{stderr}%{method} %{url_effective} %{response_code}\\n'
}
"""
"""Has curl tell on standard error what it asked for, and the status of the answer."""


@pytest.fixture
def unused(url: str) -> Iterator[None]:
    """Nobody has used the sandboxes that the guide names, and nobody finds what it left in them."""
    with httpx.Client(base_url=url, timeout=30) as client:
        client.headers = bearer(admin_client(client))

        def delete() -> None:
            for name in _NAMED:
                assert client.delete(f"/_emulator/sandboxes/{name}").status_code in {204, 404}

        delete()
        yield
        delete()


@pytest.mark.usefixtures("unused")
def test_every_command_succeeds_as_it_stands(url: str, deployed: Checkout) -> None:
    commands = pasted(SANDBOXES)
    run = subprocess.run(
        ["sh"],
        input=_CURL + commands,
        cwd=deployed.folder,
        env=deployed.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    asked = re.findall(r"^[A-Z]+ \S+ \d{3}$", run.stderr, re.MULTILINE)
    assert (run.returncode, [line for line in asked if line[-3] != "2"]) == (0, []), run.stdout
    requests = re.findall(r'\bcurl [-"]|^clock -d', commands, re.MULTILINE)
    assert len(asked) == len(requests) - 1, (
        run.stderr
    )  # a function of the guide's is written once and called by name
    with base(url, "job-1") as client:
        assert login(client, username="kratos", password="kratos-password")  # nosec B106 - the guide's
        assert client.post("/auth/token", json=LOGIN).status_code == 400  # whom the guide took away
