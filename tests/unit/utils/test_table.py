"""The table, read and written."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.interception import Intercept
from utils import table
from utils.table import ConditionFailedError
from utils.writes import ABSENT, EXISTS, Check, Delete, Key, Put, Update, below, equals, has, lacks

pytestmark = pytest.mark.usefixtures("each_store", "the_table")

A: Key = ("default#a", "-")
B: Key = ("default#b", "-")


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {"pk": key[0], "sk": key[1], **attributes}


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

    def test_none_asks_nothing(self, intercept: Intercept) -> None:
        intercept(lambda _call, operation, _arguments: pytest.fail(f"asked {operation}"))
        assert table.get_many([]) == {}

    def test_more_than_a_batch_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="at most 100"):
            table.get_many([(f"default#{number}", "-") for number in range(101)])

    def test_a_query_is_in_order_and_no_longer_than_asked(self) -> None:
        for sk in "dbeac":
            table.write(Put(item(("default#q", sk))))
        table.write(Put(item(("other#q", "a"))))
        assert [item["sk"] for item in table.query("default#q", limit=3)] == ["a", "b", "c"]
        assert [item["sk"] for item in table.query("default#q", limit=9, after="c")] == ["d", "e"]

    @pytest.mark.parametrize("key", [("p" * 2049, "-"), ("p", "s" * 1025), ("p", "\U0001f600" * 257)])
    def test_a_key_that_is_too_long_is_not_there(self, key: Key, each_store: str) -> None:
        table.write(Put(item(A)))
        assert table.get(key) is None
        assert table.get_many([key, A]) == {A: item(A)}
        with pytest.raises(ClientError if each_store == "dynamodb" else ValueError, match="too long"):
            table.write(Put(item(key)))

    def test_a_query_after_a_key_that_is_too_long_is_in_order(self) -> None:
        for sk in ("a", "s" * 1024, "t"):
            table.write(Put(item(("default#q", sk))))
        assert [item["sk"] for item in table.query("default#q", limit=3, after="s" * 1025)] == ["t"]
        assert table.query("q" * 2049, limit=3) == []

    def test_a_query_goes_on_where_a_page_of_the_table_ended(self) -> None:
        for sk in "abcd":
            table.write(Put(item(("default#q", sk), filler="x" * 390_000)))
        assert [item["sk"] for item in table.query("default#q", limit=4)] == ["a", "b", "c", "d"]


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
        with pytest.raises(ConditionFailedError) as error:
            table.write(Update(A, add={"n": 1}, condition=condition))
        assert error.value.failed == {0}
        assert table.get(A) == item(A, n=5, status="active")

    def test_on_a_condition_of_what_is_not_there_fails(self) -> None:
        with pytest.raises(ConditionFailedError):
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
        with pytest.raises(ConditionFailedError) as error:
            table.transact(Put(item(B), ABSENT), Check(A, equals("n", 2)), Delete(("default#c", "-"), EXISTS))
        assert error.value.failed == {1, 2}
        assert table.get_many([A, B]) == {A: item(A, n=1)}
