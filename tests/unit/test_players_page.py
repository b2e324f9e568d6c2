"""Listing players."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.player_body import PlayerBody
from services import players
from tests.gateway import Answer, Gateway, open_session
from utils import cursors, table
from utils.settings import settings


def make(count: int, sandbox: str = "default", start: int = 0) -> list[str]:
    """The ids of that many new players."""
    return [
        players.create(
            sandbox, PlayerBody(username=f"player-{one}", email=f"player-{one}@mail.example")
        ).player_id
        for one in range(start, start + count)
    ]


def following(answer: Answer) -> str | None:
    """The target of the answer's link to the next page, from the API's base on."""
    link = answer.headers.get("link")
    if link is None:
        return None
    target, relation = link.split("; ")
    assert relation == 'rel="next"'
    url = target.strip("<>")
    assert url.startswith(f"{settings().issuer}/")
    return url.removeprefix(settings().issuer)


def walk(api: Gateway, target: str) -> list[list[str]]:
    """The ids of each page from ``target`` on, by way of the links."""
    pages = []
    while True:
        answer = api.get(target)
        assert answer.status == 200
        pages.append([player["player_id"] for player in answer.data])
        link = following(answer)
        assert (link is None) == (answer.json()["meta"]["next_cursor"] is None)
        if link is None:
            return pages
        target = link


def test_no_players_are_an_empty_last_page(api: Gateway) -> None:
    answer = api.get("/players")
    assert answer.status == 200
    request_id = answer.headers["x-request-id"]
    assert answer.json() == {"data": [], "meta": {"request_id": request_id, "next_cursor": None, "limit": 20}}
    assert "link" not in answer.headers


def test_players_come_in_the_order_of_their_creation(api: Gateway) -> None:
    made = make(5)
    assert walk(api, "/players") == [sorted(made)]


def test_a_page_shows_players_whole(api: Gateway) -> None:
    (player_id,) = make(1)
    assert api.get("/players").data == [api.get(f"/players/{player_id}").data]


def test_a_page_has_20_players_unless_told_otherwise(api: Gateway) -> None:
    make(21)
    assert [len(page) for page in walk(api, "/players")] == [20, 1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_pages_follow_each_other_without_gap_or_repetition(api: Gateway, limit: int) -> None:
    made = sorted(make(6))
    pages = walk(api, f"/players?limit={limit}")
    assert [one for page in pages for one in page] == made
    assert all(len(page) == limit for page in pages[:-1])
    assert 1 <= len(pages[-1]) <= limit


def test_the_link_and_the_cursor_are_the_same(api: Gateway) -> None:
    make(3)
    answer = api.get("/players?limit=2")
    query = parse_qs(urlsplit(following(answer) or "").query)
    assert query == {"limit": ["2"], "cursor": [answer.json()["meta"]["next_cursor"]]}
    assert answer.json()["meta"]["limit"] == 2


def test_the_link_leads_on_below_a_base_path_too(api: Gateway, base_path: str) -> None:
    make(2)
    link = api.get("/players?limit=1").headers["link"]
    assert link.startswith(f"<{base_path}/players?limit=1&cursor=")


def test_pages_are_steady_when_players_come_and_go(api: Gateway) -> None:
    made = sorted(make(6))
    first = api.get("/players?limit=3")
    for gone in (made[0], made[2], made[3]):
        api.delete(f"/players/{gone}")
    new = make(1, start=6)
    rest = walk(api, following(first) or "")
    assert [one for page in rest for one in page] == [made[4], made[5], *new]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "ten", "", "1,2", "+5", " 5", "٣", "9" * 5000])
def test_a_limit_is_a_whole_number_from_1_to_100(api: Gateway, limit: str) -> None:
    answer = api.get(f"/players?limit={limit}")
    assert (answer.status, answer.code) == (422, "validation_error")
    assert [fault["field"] for fault in answer.json()["errors"]] == ["limit"]


def test_a_parameter_that_is_not_known_is_refused(api: Gateway) -> None:
    answer = api.get("/players?nation=GR&offset=3&limit=0")
    assert answer.code == "validation_error"
    assert [fault["field"] for fault in answer.json()["errors"]] == ["nation", "offset", "limit"]


def test_a_cursor_of_another_sandbox_is_refused(api: Gateway) -> None:
    other = Gateway(open_session("ci-7"))
    make(2, "ci-7")
    make(2)
    cursor = other.get("/players?limit=1").json()["meta"]["next_cursor"]
    assert other.get(f"/players?cursor={cursor}").status == 200
    answer = api.get(f"/players?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "W10", cursors.encode("default#players", ""), cursors.encode("default#players", "x" * 3000)],
)
def test_a_cursor_that_was_not_given_is_refused(api: Gateway, cursor: str) -> None:
    answer = api.get(f"/players?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(cursor=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="&#+%;")))
def test_no_cursor_whatever_is_a_bug(api: Gateway, cursor: str) -> None:
    assert api.get(f"/players?cursor={cursor}").status == 400


def test_a_page_costs_one_query_of_its_size_whatever_there_is(
    api: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(8)
    calls: list[tuple[str, Any]] = []
    call = table._call

    def counted(operation: str, **arguments: Any) -> Any:
        calls.append((operation, arguments.get("Limit")))
        return call(operation, **arguments)

    monkeypatch.setattr(table, "_call", counted)
    assert len(api.get("/players?limit=3").data) == 3
    assert calls == [("batch_get_item", None), ("query", 4)]
