"""A copy of the project with a stack of its own: its own state, its own port."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import boto3

from infrastructure.tools import credentials
from infrastructure.tools.credentials import Credential
from tests.support.terminal import Watched, watch

ROOT = Path(__file__).resolve().parents[2]
FEW_ROUTES = (
    "root",
    "healthz",
    "auth-token",
    "jwks",
    "stack-keys",
    "players-create",
    "players-list",
    "players-get",
)
"""What it takes to log in, to make a player and to see which release answers."""
SHARED = {"root": "healthz", "jwks": "healthz", "stack-keys": "healthz"} | dict.fromkeys(
    ("players-create", "players-get"), "players-list"
)
"""Which function they share where there is to be little to start: of each kind one is left, of what anybody may call
and of what takes a token."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the project's files in a folder of its own, as a fresh clone has them, and its make targets."""

    folder: Path
    environment: dict[str, str]

    def make(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a make target, with its output captured."""
        return subprocess.run(
            ["make", "-s", *arguments],
            cwd=self.folder,
            env=self.environment | settings,
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command without make, which ends every failure with the same exit code; with its output captured."""
        return subprocess.run(
            [".venv/bin/python", "-m", "infrastructure.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )

    def done(self, *arguments: str, **settings: str) -> str:
        """Runs a make target that has to succeed; its standard output."""
        result = self.make(*arguments, **settings)
        assert result.returncode == 0, f"make {arguments}: {result.stdout[-3000:]}\n{result.stderr[-6000:]}"
        return result.stdout

    def watch(self, *arguments: str, **settings: str) -> Watched:
        """Runs a make target on a terminal of its own."""
        return watch(["make", "-s", *arguments], self.folder, self.environment | settings)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Starts a make target as a process group of its own."""
        return subprocess.Popen(
            ["make", "-s", *arguments],
            cwd=self.folder,
            env=self.environment | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def during(
        self, *arguments: str, at: str, do: Callable[[subprocess.Popen[str]], object], **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a make target and does something once it has said ``at``; how it ended and what it said."""
        process = self.start(*arguments, **settings)
        said, reached = "", False
        with process:
            assert process.stderr is not None
            for line in process.stderr:
                said += line
                if at in line and not reached:
                    reached = True
                    do(process)
        assert reached, f"make {arguments} never said {at!r}: {said}"
        return subprocess.CompletedProcess(arguments, process.returncode, "", said)

    def cut_off(self, *arguments: str, at: str, **settings: str) -> None:
        """Runs a make target and kills all of its processes once it has said ``at``."""
        self.during(*arguments, at=at, do=lambda make: os.killpg(make.pid, signal.SIGKILL), **settings)

    def credential(self) -> Credential:
        """The credential of its local AWS."""
        return credentials.local_aws(Path(self.environment["LOCAL_HOME"]))

    def client(self, service: str) -> Any:
        """A client of a service of the local AWS, with the credentials that a deploy has."""
        own = self.credential()
        session: Any = boto3.Session(own.access_key, own.secret_key, region_name="us-east-1")
        return session.client(service, endpoint_url=f"http://localhost:{self.environment['LOCAL_AWS_PORT']}")

    def pulumi(self, *arguments: str) -> str:
        """What the engine's own command prints, called as the README says."""
        return subprocess.run(
            ["bash", "-c", f'{self.done("env")}\npulumi "$@"', "bash", *arguments],
            cwd=self.folder / "infrastructure",
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def content_hash(self) -> str:
        """What the tag of the image of this tree ends in."""
        return subprocess.run(
            ["python3", "infrastructure/get_image_tag.py", "--hash"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def state_file(self) -> Path:
        """Where the engine keeps the stack's state."""
        return Path(self.environment["LOCAL_HOME"], f"pulumi/.pulumi/stacks/psn-emulator/{self._stack}.json")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs as they are in its state, with those that ``make outputs`` does not show."""
        resources = json.loads(self.state_file().read_bytes())["checkpoint"]["latest"]["resources"]
        [outputs] = (item["outputs"] for item in resources if item["type"] == "pulumi:pulumi:Stack")
        return dict(outputs)

    def updates(self) -> int:
        """How many updates of the stack the engine has kept."""
        folder = Path(self.environment["LOCAL_HOME"], f"pulumi/.pulumi/history/psn-emulator/{self._stack}")
        return len(list(folder.glob("*.history.json")))

    @property
    def _stack(self) -> str:
        return self.environment["STACK"]

    def json(self, *arguments: str, **settings: str) -> Any:
        """The JSON that a make target prints."""
        return json.loads(self.done(*arguments, JSON="1", **settings))

    def replace(self, path: str, old: str, new: str) -> None:
        """Changes one place in a file of the copy."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new))

    def keep_routes(self, *names: str) -> None:
        """Takes every other route out of the copy, so that a deploy makes and starts only these functions."""
        self.replace(
            "routes.py",
            "\nFALLBACK = ",
            f"\nROUTES = tuple(route for route in ROUTES if route.name in {names})\n\nFALLBACK = ",
        )

    def share_functions(self, functions: Mapping[str, str]) -> None:
        """Has the routes of the copy share functions, given by the routes' names, which a deploy then has to make and
        to start but once."""
        typing = "from typing import Literal, NamedTuple\n"
        self.replace("routes.py", typing, f"from copy import replace\n{typing}")
        shared = f"replace(route, function={functions}.get(route.name, route.function))"
        self.replace(
            "routes.py",
            "\nFALLBACK = ",
            f"\nROUTES = tuple({shared} for route in ROUTES)\n\nFALLBACK = ",
        )

    def be_patient(self, smoke_at_once: int = 2) -> None:
        """Gives functions all the time there is, for tests in which a busy machine is no fault."""
        self.replace(
            "infrastructure/Pulumi.local.yaml", "smoke_at_once: 4", f"smoke_at_once: {smoke_at_once}"
        )
        with (self.folder / "infrastructure" / "Pulumi.local.yaml").open("a") as file:
            file.write("  psn-emulator:timeout_seconds: 30\n")
            file.write("  psn-emulator:functions: {authorizer: {timeout_seconds: 10}}\n")


def free_port() -> int:
    """A port that nothing listens on, and that no outgoing connection gets: those are given higher ones."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of a hundred ports is free")


def copy_of_the_tree(folder: Path) -> Path:
    """Copies what git tracks, and what it neither tracks nor ignores, into ``folder``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return folder


def _copy_compiled(folder: Path) -> None:
    """Brings the modules in ``folder`` those compiled ones of this tree that are of the same source, by its time and
    size (PEP 552), so that the first command there is as quick as any other."""
    for module in folder.rglob("*.py"):
        compiled = Path(cache_from_source(str(ROOT / module.relative_to(folder))))
        if compiled.exists():
            target = Path(cache_from_source(str(module)))
            target.parent.mkdir(exist_ok=True)
            shutil.copy(compiled, target)


def _share_packages(venv: Path) -> None:
    """Makes ``venv`` of this tree's: its files, and in place of its folders where they are, so that set-up has nothing
    to install and no module is compiled anew. Whose lock file changes needs packages of its own."""
    venv.mkdir()
    for path in (ROOT / ".venv").iterdir():
        if path.is_dir():
            (venv / path.name).symlink_to(path)
        elif path.name == ".psn-emulator":  # where it is and what it was made from
            (venv / path.name).write_text(path.read_text().replace(str(path.parent), str(venv), 1))
        else:
            shutil.copy(path, venv)


def checkout_in(folder: Path, stack: str) -> Checkout:
    """A copy of the tree whose local state and port are its own; the installed packages are this tree's."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    settings = {
        "STACK": stack,
        "LOCAL_HOME": str(folder / ".local"),
        "LOCAL_AWS_PORT": str(free_port()),
    }
    copy_of_the_tree(folder)
    _copy_compiled(folder)
    _share_packages(folder / ".venv")
    return Checkout(folder, kept | settings)
