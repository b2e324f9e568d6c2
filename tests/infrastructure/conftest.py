"""Stacks of every kind, in a folder of their own."""

import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import yaml
from botocore.loaders import JSONFileLoader

import routes
from infrastructure.automation import plugins, workspace
from infrastructure.stack import loading
from infrastructure.tools import engine, packages
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine
from tests.support.trees import LEAST, write

if TYPE_CHECKING:
    from tests.support.recorded import Recorded

HASH_OF_PASSWORD123 = (
    "$argon2id$v=19$m=19456,t=2,p=1$OkAYRyBg+FU81vDfzUKQiw$vmjVpjTaK8JsxoVB4z63VhYq/CC0Rz104ovbJJneeNw"
)
HASH_OF_ANOTHER_PASSWORD = (
    "$argon2id$v=19$m=19456,t=2,p=1$kHRnb8qD8TULp+RjmHFMBA$VVSlc5xIE6vIrJO7YBowc6a+JspVylscDM4DGBB4b5Y"
)

FEW = ("root", "healthz", "docs", "jwks", "stack-keys", "auth-refresh", "players-get")

WriteStack = Callable[..., None]
WriteSeed = Callable[..., None]
type Declared = Callable[[str], Recorded]

_DECLARED: "dict[tuple[object, ...], Recorded]" = {}


def a_user(username: str, password_hash: str) -> dict[str, object]:
    """A user as a seed file holds it."""
    return {
        "username": username,
        "subject": "0190f3c4-5a00-7000-8000-000000000001",
        "password_hash": password_hash,
        "email": f"{username}@example.com",
        "email_verified": True,
        "name": username.title(),
        "scopes": ["players:read", "players:write"],
    }


def a_client(client_id: str, **changes: object) -> dict[str, object]:
    """A client as a seed file holds it, with ``changes``."""
    return {
        "client_id": client_id,
        "name": client_id.title(),
        "secret_hash": HASH_OF_ANOTHER_PASSWORD,
        "redirect_uris": ["https://client.example/callback"],
        "post_logout_redirect_uris": [],
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid"],
        "consent": True,
        **changes,
    }


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """Has the models of AWS's services read once, which every session of the SDK does anew."""
    read = cache(partial(JSONFileLoader.load_file, JSONFileLoader()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Has no test write into the checkout's local state, as by making its credential."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LOCAL_HOME", str(tmp_path_factory.mktemp("local-home") / "state"))
        yield


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the stacks are read from: the project's own, with seeds and a prod stack beside them."""
    for file in loading.FOLDER.glob("Pulumi.*.yaml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "seeds").mkdir()
    monkeypatch.setattr(loading, "FOLDER", tmp_path)
    monkeypatch.setenv("PSN_EMULATOR_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def write_stack(stacks: Path) -> WriteStack:
    """Writes a stack's file from its settings by key."""

    def write(stack: str, **config: object) -> None:
        keys = {name if ":" in name else f"psn-emulator:{name}": value for name, value in config.items()}
        (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": keys}))

    return write


@pytest.fixture
def write_seed(stacks: Path) -> WriteSeed:
    """Writes a seed file with the given users and clients."""

    def write(environment: str, *users: dict[str, object], clients: Sequence[dict[str, object]] = ()) -> None:
        seed = {"users": list(users), "clients": list(clients)}
        (stacks / "seeds" / f"{environment}.yaml").write_text(yaml.safe_dump(seed))

    return write


@pytest.fixture
def every_stack(write_stack: WriteStack, write_seed: WriteSeed) -> tuple[str, ...]:
    """A stack of every kind that can be deployed, each with images of its own."""
    for environment in ("local", "dev"):
        write_seed(environment, a_user("testuser", HASH_OF_PASSWORD123))
    for environment in ("staging", "prod"):
        write_stack(
            environment,
            architecture="arm64",
            tracing=True,
            cors_origins=["https://game.example"],
            image_by_promotion=False,
        )
        write_seed(environment)
    return ("local", "local-7", "dev", "staging", "prod")


@pytest.fixture
def declared(every_stack: tuple[str, ...]) -> Declared:
    """What the program declares of the routes for a stack that was never deployed; the same object each time."""
    from tests.support.recorded import record

    def declare(stack: str) -> "Recorded":
        if (stack, routes.ROUTES) not in _DECLARED:
            _DECLARED[stack, routes.ROUTES] = record(stack)
        return _DECLARED[stack, routes.ROUTES]

    return declare


@pytest.fixture
def few_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of a few routes, of every kind that it tells apart, for what does not depend on how many there are:
    a run of it takes a third of the time."""
    from infrastructure.program import gateway

    few = tuple(route for route in routes.ROUTES if route.name in FEW)
    for module in (routes, gateway):
        monkeypatch.setattr(module, "ROUTES", few)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the least that an image is made of."""
    write(tmp_path, LEAST)
    return tmp_path


@pytest.fixture(scope="session")
def found_engine() -> engine.Engine:
    """The engine, found before a test has a cache of its own."""
    return engine.resolve()


@pytest.fixture
def own_backend(found_engine: engine.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Has the engine keep the states of AWS stacks in this folder and find their files in another one."""
    folder, project = tmp_path / "backend", tmp_path / "project"
    for made in (folder, project):
        made.mkdir()
    for file in loading.FOLDER.glob("Pulumi*.yaml"):
        shutil.copy(file, project)
    monkeypatch.setattr(workspace, "_INFRASTRUCTURE", project)
    monkeypatch.setattr(engine, "resolve", lambda: found_engine)
    monkeypatch.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
    monkeypatch.setenv("PULUMI_BACKEND_URL", folder.as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine with nothing on its PATH."""
    packages.find_uv.cache_clear()
    yield Machine(tmp_path, monkeypatch)
    packages.find_uv.cache_clear()


@pytest.fixture
def docker_engine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """A running Docker engine of this machine without an image, a container or a bridge."""
    with running_docker(monkeypatch) as engine:
        yield engine


@contextmanager
def running_docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """A Docker engine of this machine while the block runs."""
    with (
        TemporaryDirectory(prefix="psn-") as folder,
        FakeDocker(Path(folder) / "s", socket.gethostname()) as engine,
    ):
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine
