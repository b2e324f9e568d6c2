"""Stacks for benchmarks: one that is deployed for all of them, new ones, and the engine alone to compare with."""

import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import httpx

from infrastructure.stack.names import Names
from tests.support.checkout import Checkout, checkout_in

ENGINE_ALONE = Path(__file__).with_name("engine_alone.py")
_ROUTES = "ROUTES: tuple[Route, ...] = (\n"
_ECHO_ROW = '    Route("echo", "GET", "/echo/{player_id}", "handlers.health:root", scope=_READ),\n'
"""Described as another route is, and answered by the function of its name in ``main``."""
_UNRECORDED_ROW = """\
    Route(
        "unrecorded",
        "GET",
        "/healthz/{player_id}",
        "handlers.players:show",
        scope=_READ,
        table=("BatchGetItem",),
        data=_PLAYER,
        errors=(_NO_PLAYER,),
        versioned=True,
        prefetch=_PLAYER_KEYS,
    ),
"""
"""The route of a player at a path that is not the partner's, which nothing records and no fault meets."""
_ECHO = '''

def echo(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What it was sent."""
    import json

    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
'''
_HANDLER = "handlers/health.py"
_NAME = '"PSN Partner Emulator'
_ANSWER_SECONDS = 60


class Stack:
    """A stack and its checkout; a class because each change must differ from all before."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._numbers = itertools.count()

    @cached_property
    def api_url(self) -> str:
        """Where the deployed API is."""
        return str(self.checkout.json("outputs")["api_url"])

    @property
    def repository(self) -> str:
        """The reference of the stack's image repository, to which Docker can push."""
        environment = self.checkout.environment
        return f"localhost:{environment['LOCAL_AWS_PORT']}/{Names(environment['STACK']).base}"

    def docker_login(self) -> Path:
        """A folder with a configuration of the ``docker`` command that is logged in to the repository's registry."""
        folder = self.checkout.folder / ".local" / "docker"
        folder.mkdir(exist_ok=True)
        registry = self.repository.partition("/")[0]
        login = {"auths": {registry: {"auth": self.checkout.credential().registry_token}}}
        (folder / "config.json").write_text(json.dumps(login))
        return folder

    def change(self) -> str:
        """Changes one line of a handler; the name that ``GET /`` answers once it is deployed."""
        name = f"PSN Partner Emulator {next(self._numbers)}"
        handler = self.checkout.folder / _HANDLER
        before, _, rest = handler.read_text().partition(_NAME)
        handler.write_text(f'{before}"{name}"{rest.partition('"')[2]}')
        return name

    def wait_for(self, name: str) -> None:
        """Returns as soon as ``GET /`` answers ``name``."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        with httpx.Client(base_url=self.api_url, timeout=_ANSWER_SECONDS) as client:
            while (answer := client.get("/")).json()["data"]["name"] != name:
                assert time.monotonic() < deadline, f"GET / goes on answering {answer.text}"

    def deploy(self) -> None:
        """``make deploy``."""
        self.checkout.done("deploy")

    def engine_alone(self, *arguments: str) -> None:
        """The engine and nothing around it, in a process of its own, as ``engine_alone.py`` tells."""
        python = str(self.checkout.folder / ".venv/bin/python")
        self.done(python, str(ENGINE_ALONE), *arguments)

    def done(self, *command: str) -> str:
        """Runs a command that has to succeed, in the checkout; what it prints."""
        return done(self.checkout.folder, list(command), self.checkout.environment)


class Stacks:
    """The stacks of one run; a class because most benchmarks share one, deployed when the first asks for it.

    Where ``routes`` are named the stacks have no others, beside the route whose function echoes its event.
    """

    def __init__(self, cleanup: ExitStack, routes: tuple[str, ...] = ()) -> None:
        self._cleanup = cleanup
        self._routes = routes

    @cached_property
    def deployed(self) -> Stack:
        """The stack that is deployed, of a tree that a benchmark may have changed since."""
        stack = self._cleanup.enter_context(self.new("local-bench"))
        stack.deploy()
        return stack

    @contextmanager
    def new(self, name: str) -> Iterator[Stack]:
        """A stack of its own that was never deployed; all of it is gone at the end."""
        with tempfile.TemporaryDirectory(prefix="psn-emulator-bench-") as folder:
            checkout = checkout_in(Path(folder), name)
            checkout.be_patient(smoke_at_once=4)
            checkout.environment.pop("PYTHONDONTWRITEBYTECODE", None)
            _add_echo(checkout)
            if self._routes:
                checkout.keep_routes(*self._routes, "echo")
            try:
                yield Stack(checkout)
            finally:
                checkout.make("clean")


def _add_echo(checkout: Checkout) -> None:
    """Adds the functions to the route table, so that they are deployed as the others are, and lets tokens last."""
    checkout.replace("routes.py", _ROUTES, _ROUTES + _ECHO_ROW + _UNRECORDED_ROW)
    with (checkout.folder / "main.py").open("a") as file:
        file.write(_ECHO)
    with (checkout.folder / "infrastructure" / "Pulumi.local.yaml").open("a") as file:
        file.write("  psn-emulator:access_token_seconds: 3600\n")


def done(folder: Path, command: list[str], environment: dict[str, str] | None = None) -> str:
    """Runs a command that has to succeed; what it prints."""
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}: {result.stdout[-3000:]}\n{result.stderr[-9000:]}"
    return result.stdout
