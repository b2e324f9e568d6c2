"""The table, by way of moto; what moto cannot do is played by a client that fails as DynamoDB does."""

from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from utils import table
from utils.attributes import marshal, unmarshal
from utils.aws import client
from utils.errors import ThrottledException
from utils.table import ConditionFailed
from utils.writes import ABSENT, EXISTS, Check, Delete, Key, Put, Update, below, equals, has, lacks

pytestmark = pytest.mark.usefixtures("the_table")

A: Key = ("default#a", "-")
B: Key = ("default#b", "-")


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {"pk": key[0], "sk": key[1], **attributes}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=8,
)


class TestAttributes:
    @given(_VALUES)
    def test_come_back_as_they_went(self, value: Any) -> None:
        assert unmarshal(marshal(value)) == value

    def test_know_a_truth_from_a_one(self) -> None:
        assert marshal(True) == {"BOOL": True}
        assert marshal(1) == {"N": "1"}

    def test_that_are_numbers_are_exact(self) -> None:
        assert unmarshal(marshal(Decimal("0.1"))) == Decimal("0.1")
        whole = unmarshal({"N": "1E+2"})
        assert (whole, type(whole)) == (100, int)

    def test_hold_no_binary_fraction(self) -> None:
        with pytest.raises(TypeError, match="no float"):
            marshal(0.1)

    def test_of_a_type_that_is_not_used_are_refused(self) -> None:
        with pytest.raises(TypeError, match="type SS"):
            unmarshal({"SS": ["a"]})


class TestReading:
    def test_an_item_gives_its_attributes(self) -> None:
        stored = item(A, status="active", nested={"a": [1, None, True]})
        table.write(Put(stored))
        assert table.get(A) == stored

    def test_what_is_not_there_gives_nothing(self) -> None:
        assert table.get(A) is None

    def test_many_gives_those_that_there_are(self) -> None:
        table.write(Put(item(B, n=1)))
        assert table.get_many([A, B, B]) == {B: item(B, n=1)}

    def test_none_asks_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client("dynamodb"), "_make_api_call", None)
        assert table.get_many([]) == {}

    def test_more_than_a_batch_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="at most 100"):
            table.get_many([(f"default#{one}", "-") for one in range(101)])

    def test_a_query_is_in_order_and_no_longer_than_asked(self) -> None:
        for sk in "dbeac":
            table.write(Put(item(("default#q", sk))))
        table.write(Put(item(("other#q", "a"))))
        assert [one["sk"] for one in table.query("default#q", limit=3)] == ["a", "b", "c"]
        assert [one["sk"] for one in table.query("default#q", limit=9, after="c")] == ["d", "e"]
        assert [one["sk"] for one in table.query("default#q", limit=2, after="c", descending=True)] == [
            "b",
            "a",
        ]

    def test_a_query_goes_on_where_a_page_of_the_table_ended(self) -> None:
        for sk in "abcd":
            table.write(Put(item(("default#q", sk), filler="x" * 390_000)))
        assert [one["sk"] for one in table.query("default#q", limit=4)] == ["a", "b", "c", "d"]


class TestWriting:
    def test_a_put_gives_what_was_there_before(self) -> None:
        assert table.write(Put(item(A, n=1))) == {}
        assert table.write(Put(item(A, n=2))) == item(A, n=1)

    def test_an_update_gives_what_is_there_now(self) -> None:
        table.write(Put(item(A, status="old", once="first", gone=1, n=1)))
        changed = Update(
            A,
            assign={"status": "new"},
            assign_once={"once": "second", "late": 3},
            add={"n": 2, "m": 5},
            remove=("gone",),
        )
        assert table.write(changed) == item(A, status="new", once="first", late=3, n=3, m=5)

    def test_a_delete_gives_what_was_there_before(self) -> None:
        table.write(Put(item(A, n=1)))
        assert table.write(Delete(A)) == item(A, n=1)
        assert table.write(Delete(A)) == {}

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            (EXISTS, True),
            (ABSENT, False),
            (has("n"), True),
            (lacks("n"), False),
            (equals("n", 5), True),
            (equals("n", 6), False),
            (equals("status", "active"), True),
            (below("n", 6), True),
            (below("n", 5), False),
            (below("missing", 5), False),
            (lacks("missing") & below("n", 6), True),
            (lacks("missing") & below("n", 5), False),
            (lacks("n") | below("n", 6), True),
            (lacks("n") | below("n", 5), False),
            (lacks("n") & has("pk") | equals("status", "active"), True),
        ],
    )
    def test_happens_if_and_only_if_its_condition_holds(self, condition: Any, holds: bool) -> None:
        table.write(Put(item(A, n=5, status="active")))
        if holds:
            assert table.write(Update(A, add={"n": 1}, condition=condition))["n"] == 6
            return
        with pytest.raises(ConditionFailed) as error:
            table.write(Update(A, add={"n": 1}, condition=condition))
        assert error.value.failed == {0}
        assert table.get(A) == item(A, n=5, status="active")

    def test_on_a_condition_of_what_is_not_there_fails(self) -> None:
        with pytest.raises(ConditionFailed):
            table.write(Delete(A, EXISTS))


class TestATransaction:
    def test_writes_all(self) -> None:
        table.write(Put(item(A, n=1)))
        table.transact(
            Delete(A, equals("n", 1)), Put(item(B, n=2), ABSENT), Update(("default#c", "-"), add={"n": 3})
        )
        assert table.get_many([A, B, ("default#c", "-")]) == {
            B: item(B, n=2),
            ("default#c", "-"): item(("default#c", "-"), n=3),
        }

    def test_or_none_and_says_which_conditions_failed(self) -> None:
        table.write(Put(item(A, n=1)))
        with pytest.raises(ConditionFailed) as error:
            table.transact(Put(item(B), ABSENT), Check(A, equals("n", 2)), Delete(("default#c", "-"), EXISTS))
        assert error.value.failed == {1, 2}
        assert table.get_many([A, B]) == {A: item(A, n=1)}


class Failing:
    """Answers of DynamoDB to be given before the real ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dynamodb = client("dynamodb")
        self._call = dynamodb._make_api_call
        self.answers: list[Any] = []
        self.calls: list[str] = []
        self.pauses: list[float] = []
        monkeypatch.setattr(dynamodb, "_make_api_call", self._answer)
        monkeypatch.setattr(table, "_pause", self.pauses.append)

    def _answer(self, operation: str, arguments: dict[str, Any]) -> Any:
        self.calls.append(operation)
        if not self.answers:
            return self._call(operation, arguments)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


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

    def test_are_not_tried_again_when_a_condition_failed_too(self, failing: Failing) -> None:
        failing.answers = [
            refusal("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed", "None")
        ]
        with pytest.raises(ConditionFailed) as error:
            table.transact(Put(item(A)), Put(item(B)))
        assert error.value.failed == {1}
        assert len(failing.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        refusal("ProvisionedThroughputExceededException"),
        refusal("ThrottlingException"),
        refusal("RequestLimitExceeded"),
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
        refusal("ResourceNotFoundException"),
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
        found = {"pk": {"S": A[0]}, "sk": {"S": A[1]}}
        failing.answers = [{"Responses": {the_table: [found]}, "UnprocessedKeys": rest}]
        assert table.get_many([A, B]) == {A: item(A), B: item(B, n=1)}

    def test_is_given_up_in_the_end(self, failing: Failing, the_table: str) -> None:
        rest = {the_table: {"Keys": [{"pk": {"S": A[0]}, "sk": {"S": A[1]}}]}}
        failing.answers = [{"Responses": {}, "UnprocessedKeys": rest}] * table.ATTEMPTS
        with pytest.raises(ThrottledException):
            table.get_many([A])


class TestTheProbe:
    @pytest.mark.parametrize(
        ("actions", "calls"),
        [
            (("GetItem", "PutItem"), ["GetItem"]),
            (("BatchGetItem", "PutItem"), ["BatchGetItem"]),
            ((), []),
        ],
    )
    def test_reads_by_what_the_function_may_do(
        self, failing: Failing, actions: tuple[str, ...], calls: list[str]
    ) -> None:
        table.probe(actions)
        assert failing.calls == calls


def test_a_pause_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    table._pause(0.25)
    assert slept == [0.25]
