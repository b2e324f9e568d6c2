"""A table that refuses, as DynamoDB does and moto does not."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.support.interception import Call, Intercept
from utils import metrics, table
from utils.errors import SandboxFullException, ThrottledException, UnavailableException
from utils.metrics import Datum
from utils.stores import store
from utils.table import ConditionFailedError
from utils.writes import ABSENT, Delete, Key, Put

pytestmark = pytest.mark.usefixtures("dynamodb_table")

A: Key = ("default#a", "-")
B: Key = ("default#b", "-")


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {"pk": key[0], "sk": key[1], **attributes}


class Failing:
    """Answers of DynamoDB to be given before the real ones."""

    def __init__(self, intercept: Intercept, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[Any] = []
        self.calls: list[str] = []
        self.pauses: list[float] = []
        intercept(self._answer)
        monkeypatch.setattr(store, "_pause", self.pauses.append)

    def _answer(self, call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        self.calls.append(operation)
        if not self.answers:
            return call(operation, arguments)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def failing(intercept: Intercept, monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(intercept, monkeypatch)


def refusal(code: str, *reasons: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}}
    if reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(answer, "Any")


CONFLICTS = [
    refusal("TransactionCanceledException", "None", "TransactionConflict"),
    refusal("TransactionConflictException"),
]


class TestCollidingWrites:
    @pytest.mark.parametrize("conflict", CONFLICTS)
    def test_are_tried_again_until_they_succeed(self, failing: Failing, conflict: ClientError) -> None:
        failing.answers = [conflict] * (table.ATTEMPTS - 1)
        table.transact(Put(item(A)))
        assert table.get(A) == item(A)
        assert len(failing.pauses) == table.ATTEMPTS - 1
        assert all(0 <= pause <= 0.4 for pause in failing.pauses)

    def test_are_given_up_in_the_end_without_effect(self, failing: Failing) -> None:
        failing.answers = CONFLICTS * table.ATTEMPTS
        with pytest.raises(ThrottledException):
            table.transact(Put(item(A)))
        assert len(failing.calls) == table.ATTEMPTS
        failing.answers = []
        assert table.get(A) is None

    def test_are_named_by_those_who_gave_up(self, failing: Failing) -> None:
        failing.answers = [CONFLICTS[0]] * table.ATTEMPTS
        with pytest.raises(ThrottledException) as error:
            table.transact(Put(item(A)), Put(item(B)))
        assert error.value.contended == {B}

    def test_are_not_tried_again_when_a_condition_failed_too(self, failing: Failing) -> None:
        failing.answers = [
            refusal("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed", "None")
        ]
        with pytest.raises(ConditionFailedError) as error:
            table.transact(Put(item(A)), Put(item(B)))
        assert error.value.failed == {1}
        assert len(failing.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        refusal("ProvisionedThroughputExceededException"),
        refusal("ThrottlingException"),
        refusal("RequestLimitExceeded"),
        refusal("TransactionInProgressException"),
        refusal("TransactionCanceledException", "ThrottlingError", "None"),
        refusal("TransactionCanceledException", "ProvisionedThroughputExceeded"),
    ],
)
def test_want_of_capacity_is_a_throttle(failing: Failing, error: ClientError) -> None:
    failing.answers = [error]
    with pytest.raises(ThrottledException):
        table.get(A)


@pytest.mark.parametrize(
    "error",
    [
        refusal("InternalServerError"),
        refusal("ServiceUnavailable"),
        ClientError({"ResponseMetadata": {"HTTPStatusCode": 502}}, "Any"),  # type: ignore[typeddict-item]
        ConnectTimeoutError(endpoint_url="https://aws.test"),
        ReadTimeoutError(endpoint_url="https://aws.test"),
        EndpointConnectionError(endpoint_url="https://aws.test"),
        ConnectionClosedError(endpoint_url="https://aws.test"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseParserError("no JSON"),
    ],
)
def test_a_service_that_does_not_answer_is_unavailable(failing: Failing, error: Exception) -> None:
    failing.answers = [error]
    with pytest.raises(UnavailableException) as raised:
        table.get(A)
    assert raised.value.headers == {"Retry-After": "1"}


@pytest.mark.parametrize(
    "error",
    [
        refusal("ItemCollectionSizeLimitExceededException"),
        refusal("TransactionCanceledException", "None", "ItemCollectionSizeLimitExceeded"),
    ],
)
def test_a_partition_that_takes_no_more_is_storage_that_is_full(failing: Failing, error: ClientError) -> None:
    failing.answers = [error]
    with pytest.raises(SandboxFullException):
        table.write(Put(item(A)))


@pytest.mark.parametrize(
    "error",
    [
        refusal("ResourceNotFoundException"),
        refusal("IdempotentParameterMismatchException"),
        refusal("TransactionCanceledException", "ValidationError", "None"),
    ],
)
def test_any_other_refusal_is_left_as_it_is(failing: Failing, error: ClientError) -> None:
    failing.answers = [error]
    with pytest.raises(ClientError) as raised:
        table.get(A)
    assert raised.value is error


class TestABatchThatIsNotReadWhole:
    def test_is_asked_for_the_rest(self, failing: Failing, the_table: str) -> None:
        table.write(Put(item(B, n=1)))
        rest = {the_table: {"Keys": [{"pk": {"S": B[0]}, "sk": {"S": B[1]}}], "ConsistentRead": True}}
        read = {"pk": {"S": A[0]}, "sk": {"S": A[1]}}
        failing.answers = [{"Responses": {the_table: [read]}, "UnprocessedKeys": rest}]
        assert table.get_many([A, B]) == {A: item(A), B: item(B, n=1)}

    def test_is_given_up_in_the_end(self, failing: Failing, the_table: str) -> None:
        rest = {the_table: {"Keys": [{"pk": {"S": A[0]}, "sk": {"S": A[1]}}]}}
        failing.answers = [{"Responses": {}, "UnprocessedKeys": rest}] * table.ATTEMPTS
        with pytest.raises(ThrottledException):
            table.get_many([A])


class TestABatchOfWrites:
    def test_is_of_25_at_most_and_repeats_what_was_left_unwritten(
        self, failing: Failing, the_table: str
    ) -> None:
        left = {the_table: [{"PutRequest": {"Item": {"pk": {"S": "left"}, "sk": {"S": "-"}}}}]}
        failing.answers = [{"UnprocessedItems": left}]
        table.write_many(Put(item(("many", f"{number:02}"))) for number in range(10))
        assert failing.calls == ["BatchWriteItem"] * 2
        assert table.get(("left", "-")) is not None

    def test_takes_puts_and_deletes_of_any_number(self) -> None:
        keys = [("many", f"{number:02}") for number in range(60)]
        table.write_many(Put(item(key)) for key in keys)
        assert len(table.get_many(keys)) == 60
        table.write_many(Delete(key) for key in keys[:30])
        assert set(table.get_many(keys)) == set(keys[30:])

    def test_is_given_up_in_the_end(self, failing: Failing, the_table: str) -> None:
        left = {the_table: [{"DeleteRequest": {"Key": {"pk": {"S": A[0]}, "sk": {"S": A[1]}}}}]}
        failing.answers = [{"UnprocessedItems": left}] * table.ATTEMPTS
        with pytest.raises(ThrottledException):
            table.write_many([Delete(A)])

    def test_has_no_conditions(self) -> None:
        with pytest.raises(ValueError, match="no conditions"):
            table.write_many([Put(item(A), ABSENT)])


def test_the_probe_is_one_read(failing: Failing) -> None:
    table.probe()
    assert failing.calls == ["GetItem"]


def test_a_pause_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    store._pause(0.25)
    assert slept == [0.25]


def test_the_size_of_a_partition_is_noted_where_dynamodb_tells_it(failing: Failing, the_table: str) -> None:
    sizes = {"ItemCollectionKey": {"pk": {"S": A[0]}}, "SizeEstimateRangeGB": [7.0, 8.0]}
    metrics.counted()
    failing.answers = [{"ItemCollectionMetrics": sizes}, {"ItemCollectionMetrics": {the_table: [sizes]}}, {}]
    table.write(Put(item(A)))
    table.transact(Put(item(A)), Put(item(B)))
    table.write(Put(item(A)))
    assert metrics.counted() == [Datum("ItemCollectionSize", 8.0, {}, "Gigabytes")] * 2
