"""The application's environment and its table, in process by SQLite or moto."""

import gc
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from datetime import datetime
from functools import cache
from io import StringIO
from logging import StreamHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID, MockAWS
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from xdist.remote import Producer

import utils.aws
from services import clock
from services.identity import passwords
from services.players.player_items import INDEXES
from tests.support import direct_moto, moto_copies
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway, open_session
from tests.support.interception import Call, Intercept, interception
from tests.support.scheduling import Scheduling, place
from utils import table
from utils.attributes import Item, unmarshal_item
from utils.aws import client
from utils.logger import logger
from utils.sandbox import DEFAULT, Sandbox
from utils.settings import settings
from utils.stores import sqlite_file
from utils.stores.item_text import decode
from variables import VARIABLES

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
moto_copies.install()

ENVIRONMENT = {variable.name: variable.example for variable in VARIABLES.values()} | {
    "LOG_LEVEL": "INFO",
    "TABLE_NAME": "psn-emulator-test",
    "ISSUER": "https://partner.test",
    "ISSUERS": "https://partner.test",
    "PUBLIC_JWKS": '{"keys":[]}',
    "JWKS_URI": "http://127.0.0.1:9/.well-known/jwks.json",
    "TRUSTED_ISSUER": "https://partner.test",
    "TRUSTED_JWKS_URI": "http://127.0.0.1:9/.well-known/jwks.json",
    "ACCESS_TOKEN_SECONDS": "300",
    "REFRESH_TOKEN_SECONDS": "86400",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""An environment of a function, with what tests are about made different from the examples."""


def pytest_configure() -> None:
    """Has the arguments of every call of AWS checked, which functions leave to AWS, and the log go where the test that
    writes it has standard output go."""
    utils.aws.checks_arguments = True
    assert isinstance(logger.registered_handler, StreamHandler)
    logger.registered_handler.setStream(_StandardOutput())


class _StandardOutput(StringIO):
    """Standard output, wherever it goes at the time."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


def pytest_xdist_auto_num_workers() -> int | None:
    """Twice as many test processes as processors, for some always wait for a container, a browser or the engine;
    ``None`` where xdist's own variable says how many, as a debugger's does, which wants none."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.process_cpu_count() or 1) * 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Deals the tests out to test processes."""
    return Scheduling(config, log)


def pytest_sessionstart() -> None:
    """Leaves garbage be while modules are imported and tests collected: it is a fifth of that, and hardly any."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collects it from now on, of what comes now."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest."""
    items.sort(key=place)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a deployed function, read afresh, in which a password is hashed at next to no cost."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(passwords, "HASHER", HASHER)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def one_aws() -> Iterator[MockAWS]:
    """The AWS of a file's tests. Not of all tests: those of the infrastructure start AWS anew themselves, which
    within another is no new one."""
    with mock_aws() as started:
        yield started


@pytest.fixture
def aws(environment: None, one_aws: MockAWS) -> Iterator[None]:
    """An empty AWS."""
    with direct_moto.shortened(client("dynamodb"), client("secretsmanager")):
        yield
    one_aws.reset()


@pytest.fixture
def the_table(request: pytest.FixtureRequest, aws: None) -> str:
    """The application's table, empty; its name. It is in a file of SQLite, which is quicker than moto, unless the test
    is about DynamoDB: it asks for ``dynamodb_table``, or looks at calls of AWS."""
    asked = set(request.fixturenames)
    is_dynamodb = not asked.isdisjoint({"dynamodb_table", "intercept"})
    if "each_store" in asked:
        is_dynamodb = request.getfixturevalue("each_store") == "dynamodb"
    name: str = empty_table() if is_dynamodb else request.getfixturevalue("sqlite_table")
    return name


@pytest.fixture(params=["dynamodb", "sqlite"])
def each_store(request: pytest.FixtureRequest) -> str:
    """Has a test twice, with :func:`the_table` in each of its stores."""
    store: str = request.param
    return store


@pytest.fixture
def dynamodb_table(the_table: str) -> str:
    """The application's table in DynamoDB, empty; its name."""
    return the_table


@pytest.fixture(scope="session")
def sqlite_name() -> Iterator[str]:
    """The name of a table in a file of SQLite in memory, the same for all tests of a process."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        name = f"{table.SQLITE}{folder}/table?synchronous=off"
        yield name
        sqlite_file.forget(name)


@pytest.fixture
def sqlite_table(environment: None, sqlite_name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The application's table in a file of SQLite, empty; its name."""
    monkeypatch.setenv("TABLE_NAME", sqlite_name)
    settings.cache_clear()
    restore_items([])
    return sqlite_name


def empty_table() -> str:
    """Have the application's table in moto's AWS, with nothing in it; its name."""
    name = settings().table_name
    table = _made(name)
    table.items.clear()
    _mocked_tables()[name] = table
    return name


def stored_items() -> Any:
    """All that is in the application's table, for :func:`restore_items`."""
    if not _is_sqlite():
        return deepcopy(_mocked_tables()[settings().table_name].items)
    with sqlite_file.file(settings().table_name).reading("scan") as connection:
        return connection.execute("SELECT * FROM items").fetchall()


def restore_items(items: Any) -> None:
    """Have in the application's table what :func:`stored_items` returned."""
    if not _is_sqlite():
        _mocked_tables()[settings().table_name].items = deepcopy(items)
        return
    with sqlite_file.file(settings().table_name).writing("batch_write_item") as connection:
        connection.execute("DELETE FROM items")
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", items)


def all_items() -> list[Item]:
    """The items of the application's table, in no order."""
    if _is_sqlite():
        return [decode(text) for *_, text in stored_items()]
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=settings().table_name)
    return [unmarshal_item(item) for page in pages for item in page["Items"]]


def _is_sqlite() -> bool:
    return settings().table_name.startswith(table.SQLITE)


@cache
def _made(name: str) -> Table:
    create_table()
    return _mocked_tables()[name]


def _mocked_tables() -> dict[str, Table]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][ENVIRONMENT["AWS_DEFAULT_REGION"]].tables


def create_table() -> str:
    """Create the application's table; its name."""
    name = settings().table_name
    client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk", *INDEXES)],
        KeySchema=_keys("sk"),
        LocalSecondaryIndexes=[
            {"IndexName": one, "KeySchema": _keys(one), "Projection": {"ProjectionType": "ALL"}}
            for one in INDEXES
        ],
    )
    return name


def _keys(range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


@pytest.fixture
def api(the_table: str) -> Gateway:
    """The API as a signed-in caller of the default sandbox meets it."""
    return Gateway(open_session())


type MayDo = Callable[..., None]


@pytest.fixture
def intercept(environment: None, monkeypatch: pytest.MonkeyPatch) -> Intercept:
    """Has the test answer calls of AWS."""
    return interception(monkeypatch)


@pytest.fixture
def may_do(aws: None, intercept: Intercept) -> MayDo:
    """Lets the role of the function under test do no more than is said last, and everything before: DynamoDB
    actions on data, and reading secrets by the names that the route table has for them."""
    allowed: set[str] | None = None

    def judge(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if allowed is not None and not permissions_of(operation, arguments) <= allowed:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)
        return call(operation, arguments)

    intercept(judge, "dynamodb", "secretsmanager")

    def allow(actions: Collection[str] = (), secrets: Collection[str] = ()) -> None:
        nonlocal allowed
        allowed = {*actions, *secrets}

    return allow


def permissions_of(operation: str, arguments: dict[str, Any]) -> set[str]:
    """What a role has to allow for a call: of a transaction its parts, of a secret its name in the route table."""
    if operation == "TransactWriteItems":
        kinds = {kind for item in arguments["TransactItems"] for kind in item}
        return {"ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item" for kind in kinds}
    if operation == "GetSecretValue":
        names = {secret: name for name, secret in settings().secrets.items()}
        return {names[arguments["SecretId"]]}
    return {operation}


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, _sandbox: Sandbox) -> datetime:
        """The moment it was set to."""
        return self.moment


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock, stopped at the present moment."""
    stopped = Clock(clock.now(DEFAULT))
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


class Log:
    """What was logged."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        """All of it, as it was written."""
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        """One object a line."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """What the logger writes during the test."""
    written, handler = Log(), logger.registered_handler
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(written.stream)
    yield written
    handler.setStream(before)


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[1]
