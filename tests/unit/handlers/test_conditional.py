"""Requests that depend on a version: what they are answered, and how their headers are read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.gateway import Answer, Gateway
from tests.support.players import body, items, made
from utils.errors import VersionConflictException
from utils.etags import IfMatch, Versioned, is_known

WIN = {"outcome": "win"}

etags = st.integers(0, 10**9).map(lambda version: Versioned(None, version).etag)
headers = st.text(st.characters(codec="latin-1"))

MATCHING = ['"v1"', "*", '"v0", "v1"', '"v1","v2"', ' , "v1" ,', '"a,b", "v1"', '\t"v1"\t']
OTHERS = [
    '"v2"',
    '"v0","v2"',
    "v1",
    '"v1',
    "'v1'",
    "",
    '"V1"',
    '"v1" x',
    '*, "v1"',
    '"v11"',
    '"v0""v1"',
    '"v1" "v2"',
]


@pytest.fixture
def path(api: Gateway) -> str:
    """The path of a player whose version is 1, and its statistics' too."""
    path = f"/players/{made(api)['player_id']}"
    assert api.post(f"{path}/stats", WIN).headers["etag"] == '"v1"'
    return path


class TestETags:
    def test_are_on_every_answer_that_shows_a_version(self, api: Gateway) -> None:
        answer = api.post("/players", body())
        path = f"/players/{answer.data['player_id']}"
        assert answer.headers["etag"] == api.get(path).headers["etag"] == '"v1"'
        assert api.get(f"{path}/stats").headers["etag"] == '"v0"'
        assert api.post(f"{path}/stats", WIN).headers["etag"] == '"v1"'
        assert api.get(f"{path}/stats").headers["etag"] == '"v1"'

    def test_are_new_with_every_change_and_with_nothing_else(self, api: Gateway, path: str) -> None:
        assert api.put(path, body()).headers["etag"] == '"v2"'
        api.post(f"{path}/stats", WIN)
        assert api.get(path).headers["etag"] == '"v2"'
        assert api.get(f"{path}/stats").headers["etag"] == '"v2"'

    def test_are_not_on_errors_nor_where_nothing_is_left(self, api: Gateway, path: str) -> None:
        assert "etag" not in api.put(path, {}).headers
        assert "etag" not in api.delete(path).headers


@pytest.mark.parametrize("below", ["", "/stats"])
class TestIfNoneMatch:
    @pytest.mark.parametrize("header", [*MATCHING, 'W/"v1"', 'W/"v0", W/"v1"'])
    def test_saves_who_has_the_version_the_body(
        self, api: Gateway, path: str, below: str, header: str
    ) -> None:
        answer = api.get(f"{path}{below}", headers={"if-none-match": header})
        assert (answer.status, answer.text) == (304, "")
        assert answer.headers["etag"] == '"v1"'
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "content-type" not in answer.headers

    @pytest.mark.parametrize("header", OTHERS)
    def test_shows_the_version_to_who_has_it_not(
        self, api: Gateway, path: str, below: str, header: str
    ) -> None:
        answer = api.get(f"{path}{below}", headers={"if-none-match": header})
        assert (answer.status, answer.headers["etag"]) == (200, '"v1"')


def change(api: Gateway, method: str, path: str, header: str) -> Answer:
    return api.send(method, path, body=WIN if method == "POST" else body(), headers={"if-match": header})


@pytest.mark.parametrize(("method", "below"), [("PUT", ""), ("DELETE", ""), ("POST", "/stats")])
class TestIfMatch:
    @pytest.mark.parametrize("header", MATCHING)
    def test_lets_a_change_of_the_version_through(
        self, api: Gateway, path: str, method: str, below: str, header: str
    ) -> None:
        assert change(api, method, f"{path}{below}", header).status in {200, 204}

    @pytest.mark.parametrize("header", [*OTHERS, 'W/"v1"'])
    def test_refuses_a_change_of_another_version_and_nothing_happens(
        self, api: Gateway, path: str, method: str, below: str, header: str
    ) -> None:
        before = (api.get(path).data, api.get(f"{path}/stats").data, items())
        answer = change(api, method, f"{path}{below}", header)
        assert (answer.status, answer.code) == (412, "version_conflict")
        assert (api.get(path).data, api.get(f"{path}/stats").data, items()) == before

    def test_asks_nothing_of_a_player_that_is_not_there(
        self, api: Gateway, path: str, method: str, below: str
    ) -> None:
        api.delete(path)
        for header in ("*", '"v1"'):
            assert change(api, method, f"{path}{below}", header).code == "player_not_found"


def test_a_wrong_body_is_told_before_a_stale_version(api: Gateway, path: str) -> None:
    sent: dict[str, Any] = {"headers": {"if-match": '"v9"'}}
    assert api.put(path, {}, **sent).code == "validation_error"
    assert api.post(f"{path}/stats", {}, **sent).code == "validation_error"


@given(st.lists(etags, min_size=1), st.data())
def test_a_list_has_each_of_its_tags(tags: list[str], data: st.DataObject) -> None:
    separators = st.sampled_from([",", ", ", " ,\t", ",,"])
    header = tags[0] + "".join(data.draw(separators) + tag for tag in tags[1:])
    version = int(data.draw(st.sampled_from(tags)).strip('"v'))
    IfMatch(header).require(version)
    assert is_known(header, version)
    assert is_known(header.replace('"v', 'W/"v'), version)


@given(headers, st.integers(0, 9))
def test_no_header_whatever_is_a_bug(header: str, version: int) -> None:
    known = is_known(header, version)
    try:
        IfMatch(header).require(version)
    except VersionConflictException:
        return
    assert known
