"""Every call of AWS that a route makes, answered with every fault that there is: each has its documented answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

import routes
from tests.conftest import permissions_of, restore_items, stored_items
from tests.support import identity
from tests.support.interception import Call, Intercept
from tests.support.sample_requests import Answered, SampleRequest, Values, good_values, row, samples
from tests.support.sample_sending import in_process, store_local_seed
from utils import table
from utils.sandbox import sandbox_key
from utils.stores import store
from utils.writes import Update

URL = {"endpoint_url": "https://aws.test"}


def refusal(code: str, *reasons: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    if reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(answer, "Any")


WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
TABLE = WRITES | {"GetItem", "BatchGetItem", "Query"}
VAULT = frozenset({"GetSecretValue"})
TRANSACTION = frozenset({"TransactWriteItems"})
BATCH = frozenset({"BatchWriteItem"})


@dataclass(frozen=True)
class Fault:
    """What AWS answers to ``operations``, and what the caller is told then."""

    error: Exception
    operations: frozenset[str]
    statuses: frozenset[int]


FAULTS: Mapping[str, Fault] = {
    "throttled": Fault(refusal("ProvisionedThroughputExceededException"), TABLE, frozenset({429})),
    "throttled vault": Fault(refusal("ThrottlingException"), VAULT, frozenset({429})),
    "in progress": Fault(refusal("TransactionInProgressException"), TRANSACTION, frozenset({429})),
    "conflict": Fault(
        refusal("TransactionConflictException"), WRITES - TRANSACTION - BATCH, frozenset({429})
    ),
    "cancelled by a conflict": Fault(
        refusal("TransactionCanceledException", "TransactionConflict", "None"),
        TRANSACTION,
        frozenset({409, 429}),
    ),
    "size limit": Fault(
        refusal("ItemCollectionSizeLimitExceededException"), WRITES - TRANSACTION, frozenset({507})
    ),
    "cancelled by a size limit": Fault(
        refusal("TransactionCanceledException", "None", "ItemCollectionSizeLimitExceeded"),
        TRANSACTION,
        frozenset({507}),
    ),
    "server error": Fault(refusal("InternalServerError", status=500), TABLE | VAULT, frozenset({503})),
    "time-out": Fault(ReadTimeoutError(**URL), TABLE | VAULT, frozenset({503})),
    "connection lost": Fault(ConnectionClosedError(**URL), TABLE | VAULT, frozenset({503})),
}
ROUTES = [route for route in routes.ROUTES if (route.table or route.secrets) and route.name != "healthz"]
"""All that AWS serves, but for the health check, which tells of each of these faults as what it is about."""


class Faulty:
    """AWS, which answers the call of the number ``at``, from 0, and all like it after that with ``error``."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.error: Exception = Exception()
        self.calls: list[str] = []
        self.used: set[str] = set()
        self.failed = ""

    def __call__(self, call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if self.at is None:
            return call(operation, arguments)
        number = len(self.calls)
        self.calls.append(operation)
        self.used |= permissions_of(operation, arguments)
        if number == self.at or self.failed == operation:
            self.failed = operation
            raise self.error
        return call(operation, arguments)

    def watch(self, request: SampleRequest) -> list[str]:
        """The operations that ``request`` takes when all goes well."""
        self._send(request, -1, Exception())
        return list(self.calls)

    def answer(self, request: SampleRequest, at: int, error: Exception) -> Answered:
        """The answer to ``request`` when the call ``at`` fails."""
        return self._send(request, at, error)

    def _send(self, request: SampleRequest, at: int, error: Exception) -> Answered:
        identity.forget()
        self.at, self.error, self.calls, self.failed = at, error, [], ""
        try:
            return in_process(request)
        finally:
            self.at = None


@pytest.fixture
def faulty(the_table: str, monkeypatch: pytest.MonkeyPatch, intercept: Intercept) -> Faulty:
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    store_local_seed()
    monkeypatch.setattr(store, "_pause", lambda _: None)
    faulty = Faulty()
    intercept(faulty, "dynamodb", "secretsmanager")
    return faulty


def good(route: routes.Route, values: Values) -> list[SampleRequest]:
    """But for generated players, whose many batches are one call again and again."""
    return [
        request
        for request in samples(route, values)
        if not (isinstance(request.body, dict) and str(request.body.get("seed")).startswith("large"))
    ]


def with_a_wrong_password(route: routes.Route, values: Values) -> list[SampleRequest]:
    changed = (
        replace(
            request,
            form=tuple((name, "wrong" if name == wrong else value) for name, value in request.form),
        )
        for request in samples(route, values)
        for wrong in ("password", "client_secret")
        if request.form and wrong in dict(request.form)
    )
    return list(changed)


def when_scopes_are_taken_away(route: routes.Route, values: Values) -> list[SampleRequest]:
    """The browser's session has been found to be over, but of the route that finds it."""
    store_local_seed(user_scopes=("openid",))
    if route.name == "auth-authorize-form":
        in_process(good(row("auth-authorize"), values)[0])
    return good(route, values)


def of_a_login_without_a_page(route: routes.Route, values: Values) -> list[SampleRequest]:
    """In place of a session whose logout was cut off."""
    if route.name != "auth-authorize":
        return []
    wanted = {"emulator_login": "auto", "login_hint": "testuser", "scope": "openid"}
    requests = [
        replace(request, query=tuple({**dict(request.query), **wanted}.items()))
        for request in good(route, values)
    ]
    store_local_seed(user_scopes=("openid",))
    in_process(good(route, values)[0])
    return requests


def of_a_sandbox_that_begins(route: routes.Route, values: Values) -> list[SampleRequest]:
    """By the default sandbox's administrator, who operates all."""
    return [
        replace(request, headers={**request.headers, "x-sandbox": "begins"})
        for request in (good(route, values) if route.scope == routes.ADMIN else ())
    ]


def of_what_is_there(route: routes.Route, values: Values) -> list[SampleRequest]:
    """To operate and to register: of a user and a client that there are, and in a sandbox where nothing is yet."""
    if not (route.scope == routes.ADMIN or route.registers):
        return []
    token, variables = values.token, {"username": "testuser", "client_id": "demo-web", "account": "testuser"}
    metadata: dict[str, Any] = {
        "grant_types": ["client_credentials"],
        "id_token_signed_response_alg": "ES256",
    }
    if route.registers:
        body = {"username": "admin", "password": "admin123", "scope": routes.ADMIN}
        login = in_process(SampleRequest(row("auth-token"), body=body))
        token = json.loads(login.text)["access_token"]
    if route.registers and route.parameters:
        told = json.loads(in_process(SampleRequest(row("auth-register"), body=metadata)).text)
        token, variables = told["registration_access_token"], {"client_id": told["client_id"]}
        metadata["client_id"] = told["client_id"]
    requests = [replace(request, variables=variables, token=token) for request in good(route, values)]
    if route.registers:
        requests = [replace(request, body=request.body and metadata) for request in requests]
    elif route.body == "models.account_bodies:ClientBody":
        signed = {"id_token_signed_response_alg": "ES256"}
        requests = [replace(request, body={**request.body, **signed}) for request in requests]
    return [*requests, *(replace(request, headers={"x-sandbox": "new"}) for request in requests)]


def of_one_of_two_who_operate(route: routes.Route, values: Values) -> list[SampleRequest]:
    """To change and to delete: of a user and a client with ``emulator:admin``, which the other has too."""
    if not any(error.endswith("NoOperatorException") for error in route.errors) or "name" in route.parameters:
        return []
    operators = {"username": "admin", "client_id": "demo-admin"}
    return [replace(request, variables=operators) for request in good(route, values)]


def of_a_sandbox_with_a_document(route: routes.Route, values: Values) -> list[SampleRequest]:
    """To operate sandboxes: of one whose seed is a document, with the stack's users, and of its import in pages."""
    if "/sandboxes/{name}" not in route.path:
        return []
    client = {
        "client_id": "own",
        "name": "Own",
        "secret": "a-secret-of-tests",
        "grant_types": ["client_credentials"],
        "scopes": ["players:read"],
        "id_token_signed_response_alg": "ES256",
    }
    declaration = SampleRequest(
        row("sandboxes-put"),
        variables={"name": "documented"},
        body={"seed": {"clients": [client]}},
        token=values.token,
    )
    in_process(declaration)
    if route.name == "sandboxes-put":
        return [declaration, replace(declaration, variables={"name": "undocumented"})]
    page = replace(
        declaration,
        route=row("sandboxes-import"),
        body={"clients": [client], "players": [], "is_last": False},
    )
    if route.name == "sandboxes-import":
        continued = json.loads(in_process(page).text)["data"]["next_page"]
        player = {"username": "Faye", "email": "faye@example.com"}
        last = replace(page, query=(("continue", continued),), body={"players": [player]})
        return [page, last]
    return [replace(request, variables=declaration.variables) for request in good(route, values)]


def of_a_rule(route: routes.Route, values: Values) -> list[SampleRequest]:
    """To rules of faults: of one that there is."""
    if not route.path.startswith("/_emulator/faults"):
        return []
    in_process(SampleRequest(row("faults-create"), body={"faults": [{"status": 503}]}, token=values.token))
    return good(route, values)


def but_for_the_middle_of_many(operations: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The operations with their numbers, but for those between two and two more of the same, as of the parts of a
    listing, which are asked for by one line of code."""
    for at, operation in enumerate(operations):
        around = operations[max(0, at - 2) : at + 3]
        if len(around) < 5 or set(around) != {operation}:
            yield at, operation


WAYS = (
    good,
    with_a_wrong_password,
    of_what_is_there,
    of_one_of_two_who_operate,
    when_scopes_are_taken_away,
    of_a_login_without_a_page,
    of_a_sandbox_that_begins,
    of_a_sandbox_with_a_document,
    of_a_rule,
)
"""Together, the requests of a route make every call that its row allows."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))
def test_each_fault_at_each_call_has_its_answer(
    faulty: Faulty, route: routes.Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL", str(route.name.startswith("requests-")).lower())
    identity.forget()
    values = good_values(in_process)
    table.write(Update(sandbox_key("default"), assign={"accounts": 1, "serial": 1}))
    in_process(SampleRequest(row("auth-token"), body={"username": "testuser", "password": "wrong"}))
    for client_id in ("demo-backend", "demo-service"):
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "wrong"}
        in_process(SampleRequest(row("auth-token"), form=tuple(form.items())))
    for way in WAYS:
        requests = way(route, values)
        before = stored_items()
        for request in requests:
            for at, operation in but_for_the_middle_of_many(faulty.watch(request)):
                for name, fault in FAULTS.items():
                    if operation not in fault.operations:
                        continue
                    restore_items(before)
                    answer = faulty.answer(request, at, fault.error)
                    what = f"{name} at call {at} ({operation}) of {way.__name__} {request}: {answer}"
                    assert answer.status in fault.statuses, what
                    assert answer.status not in {429, 503} or int(answer.headers["retry-after"]) >= 1, what
            restore_items(before)
    assert {*route.table, *route.secrets} <= faulty.used, "no request here makes all calls of the row"
