"""Listing players."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.player_body import PlayerBody
from models.players_query import PlayersQuery
from services.players import listing, player_items, players
from services.sandboxes.opening import opened
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.players import body
from utils import cursors, table
from utils.errors import ThrottledException
from utils.sandbox import DEFAULT, Sandbox
from utils.settings import settings
from utils.stores import dynamodb
from utils.writes import Put

FORGED = cursors.encode(bytes(32), '["default","created_at",{}]', "01890000-0000-7000-8000-000000000000")


def make(count: int, sandbox: Sandbox = DEFAULT, start: int = 0) -> list[str]:
    """The ids of that many new players."""
    return [
        players.create(
            sandbox, PlayerBody(username=f"player-{number}", email=f"player-{number}@mail.example")
        ).value.player_id
        for number in range(start, start + count)
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
    assert [player_id for page in pages for player_id in page] == made
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
    assert [player_id for page in rest for player_id in page] == [made[4], made[5], *new]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "ten", "", "1,2", "+5", " 5", "٣", "9" * 5000])
def test_a_limit_is_a_whole_number_from_1_to_100(api: Gateway, limit: str) -> None:
    answer = api.get(f"/players?limit={limit}")
    assert (answer.status, answer.code) == (422, "validation_error")
    assert [fault["field"] for fault in answer.json()["errors"]] == ["limit"]


def test_a_parameter_that_is_not_known_is_refused(api: Gateway) -> None:
    answer = api.get("/players?nation=GR&offset=3&limit=0")
    assert answer.code == "validation_error"
    assert {fault["field"] for fault in answer.json()["errors"]} == {"nation", "offset", "limit"}


def test_a_cursor_of_another_sandbox_is_refused(api: Gateway) -> None:
    other = Gateway(open_session(opened("ci-7")))
    make(2, opened("ci-7"))
    make(2)
    cursor = other.get("/players?limit=1").json()["meta"]["next_cursor"]
    assert other.get(f"/players?cursor={cursor}").status == 200
    answer = api.get(f"/players?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["", "x", "W10", FORGED])
def test_a_cursor_that_was_not_given_is_refused(api: Gateway, cursor: str) -> None:
    make(2)
    assert api.get(f"/players?cursor={cursor}").code == "invalid_cursor"
    api.get("/players?limit=1")  # now there is something that signs
    answer = api.get(f"/players?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(cursor=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="&#+%;")))
def test_no_cursor_whatever_is_a_bug(api: Gateway, cursor: str) -> None:
    assert api.get(f"/players?cursor={cursor}").status == 400


def test_what_signs_is_made_once(api: Gateway) -> None:
    make(3)
    first, second = api.get("/players?limit=1"), api.get("/players?limit=1")
    assert following(first) == following(second)


def test_the_limit_may_change_from_page_to_page(api: Gateway) -> None:
    made = sorted(make(4))
    cursor = api.get("/players?limit=1").json()["meta"]["next_cursor"]
    assert [player["player_id"] for player in api.get(f"/players?limit=100&cursor={cursor}").data] == made[1:]


@pytest.mark.parametrize("other", ["sort=-created_at", "status=active", "country=GR", "username=player-1"])
def test_a_cursor_of_another_query_is_refused(api: Gateway, other: str) -> None:
    make(2)
    cursor = api.get("/players?limit=1").json()["meta"]["next_cursor"]
    answer = api.get(f"/players?cursor={cursor}&{other}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_a_cursor_of_a_filter_leads_on_in_that_filter(api: Gateway) -> None:
    made = [
        api.post("/players", body(f"greek-{number}", country="GR")).data["player_id"] for number in range(3)
    ]
    make(3)
    target = "/players?country=GR&status=active&sort=-created_at&limit=2"
    assert walk(api, target) == [sorted(made)[:0:-1], sorted(made)[:1]]


def test_the_latest_come_first_when_asked(api: Gateway) -> None:
    made = sorted(make(5))
    pages = walk(api, "/players?sort=-created_at&limit=2")
    assert [player_id for page in pages for player_id in page] == made[::-1]


class TestFilters:
    @pytest.fixture(autouse=True)
    def _players(self, api: Gateway) -> None:
        for name, country, status in [
            ("ares", "GR", "active"),
            ("zeus", "GR", "banned"),
            ("thor", "NO", "active"),
            ("odin", None, "banned"),
        ]:
            api.post("/players", body(name, country=country, status=status))

    def names_of(self, api: Gateway, query: str) -> list[str]:
        """The names, in order, of the players on all pages of a query."""
        one_by_one = [name for page in self.pages(api, f"{query}&limit=1") for name in page]
        (at_once,) = self.pages(api, query)
        assert one_by_one == at_once
        return at_once

    def pages(self, api: Gateway, query: str) -> list[list[str]]:
        names = {player["player_id"]: player["username"] for player in api.get("/players").data}
        return [[names[player_id] for player_id in page] for page in walk(api, f"/players?{query}")]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("country=GR", ["ares", "zeus"]),
            ("country=GR&sort=-created_at", ["zeus", "ares"]),
            ("country=SE", []),
            ("status=banned", ["zeus", "odin"]),
            ("status=suspended", []),
            ("country=GR&status=active", ["ares"]),
            ("country=NO&status=banned", []),
            ("username=ARES", ["ares"]),
            ("username=nobody", []),
            ("email=Thor%40Mail.example", ["thor"]),
            ("username=thor&email=thor@mail.example", ["thor"]),
            ("username=thor&email=zeus@mail.example", []),
            ("username=thor&email=nobody@mail.example", []),
            ("username=zeus&status=banned&country=GR", ["zeus"]),
            ("username=zeus&status=active", []),
            ("username=odin&country=GR", []),
        ],
    )
    def test_let_through_those_that_meet_them_all(self, api: Gateway, query: str, names: list[str]) -> None:
        assert self.names_of(api, query) == names

    def test_see_every_change_at_once(self, api: Gateway) -> None:
        (player,) = api.get("/players?username=ares").data
        path = f"/players/{player['player_id']}"
        api.put(path, body("ares", country="NO", status="banned"))
        assert self.names_of(api, "country=GR") == ["zeus"]
        assert self.names_of(api, "country=NO&status=banned") == ["ares"]
        api.put(path, body("mars"))
        assert self.names_of(api, "country=NO") == ["thor"]
        assert self.names_of(api, "username=ares") == []
        assert self.names_of(api, "username=mars") == ["mars"]
        api.delete(path)
        assert self.names_of(api, "username=mars") == []
        assert self.names_of(api, "status=active") == ["thor"]

    @pytest.mark.parametrize(
        "query",
        [
            "country=gr",
            "country=XX",
            "country=",
            "status=gone",
            "username=x",
            "email=nobody",
            "sort=username",
            "country=GR&country=NO",
            "limit=1&limit=1",
            "username=%FF",
            "&".join(f"p{number}=" for number in range(101)),
        ],
    )
    def test_that_are_malformed_unknown_or_repeated_are_refused(self, api: Gateway, query: str) -> None:
        answer = api.get(f"/players?{query}")
        assert (answer.status, answer.code) == (422, "validation_error")

    def test_by_a_name_follow_it_to_the_player_that_has_got_it_meanwhile(
        self, api: Gateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ares, zeus = (api.get(f"/players?username={name}").data[0]["player_id"] for name in ("ares", "zeus"))
        others = [(ares, "mars"), (zeus, "ares")]
        read = table.get_many

        def overtaken(keys: Any) -> Any:
            items = read(keys)
            if any("#username#" in pk for pk, _ in items):
                while others:
                    player_id, name = others.pop(0)
                    players.replace(
                        read(player_items.player_keys(DEFAULT, player_id)),
                        DEFAULT,
                        player_id,
                        PlayerBody(**body(name)),
                    )
            return items

        monkeypatch.setattr(table, "get_many", overtaken)
        query = PlayersQuery(username="ares")
        (player,) = listing.page({}, DEFAULT, query).players
        assert (player.player_id, player.username) == (zeus, "ares")

    def test_by_a_name_that_never_rests_are_given_up(self, api: Gateway) -> None:
        (player,) = api.get("/players?username=ares").data
        key = player_items.unique_key(DEFAULT, "username", "loki")
        table.write(Put({"pk": key[0], "sk": key[1], "player_id": player["player_id"]}))
        with pytest.raises(ThrottledException):
            listing.page({}, DEFAULT, PlayersQuery(username="loki"))


@pytest.mark.usefixtures("dynamodb_table")
@pytest.mark.parametrize(
    "query", ["limit=3", "limit=3&status=active", "limit=3&sort=-created_at&status=active"]
)
def test_a_page_costs_one_query_of_its_size_whatever_there_is(
    api: Gateway, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    make(8)
    api.get("/players?limit=1")  # now there is something that signs
    calls: list[tuple[str, Any]] = []
    call = dynamodb._call

    def counted(operation: str, **arguments: Any) -> Any:
        calls.append((operation, arguments.get("Limit")))
        return call(operation, **arguments)

    monkeypatch.setattr(dynamodb, "_call", counted)
    assert len(api.get(f"/players?{query}").data) == 3
    assert calls == [("batch_get_item", None), ("query", 4)]
