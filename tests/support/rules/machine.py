"""Random requests, one after the other, each held against the model."""

from urllib.parse import urlencode

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.rules import requests
from tests.support.rules.api import Api, walk
from tests.support.rules.compared import Compared
from tests.support.rules.model import Fields, Kept, filled

_STEPS = 50


class Machine(Compared):
    """What may be asked of the API in any order."""

    steps = 0

    @invariant()
    def counts(self) -> None:
        Machine.steps += 1

    # Players

    @initialize(bodies=requests.populations)
    def populate(self, bodies: list[Fields]) -> None:
        for sent in bodies:
            self._create(sent, None)

    @rule(sent=requests.bodies, key=requests.keys)
    def create(self, sent: Fields, key: str | None) -> None:
        self._create(sent, key)

    def _create(self, sent: Fields, key: str | None) -> None:
        sent = self.own(sent)
        answer = self.post(("/players", key), "/players", sent, self.model.conflict(sent))
        if answer:
            player = answer.data
            assert answer.status == 201
            assert answer.headers["location"].endswith(f"/players/{player['player_id']}")
            assert player["created_at"] == player["updated_at"]
            times = {name: player[name] for name in ("player_id", "created_at", "updated_at")}
            assert player == filled(sent) | times
            self.model.players[player["player_id"]] = Kept(player)
            assert answer.headers["etag"] == '"v1"'

    @rule(place=requests.places, sent=requests.bodies, demand=requests.demands)
    def replace(self, place: int, sent: Fields, demand: str) -> None:
        player_id, kept = self.player(place)
        sent = self.own(sent)
        answer = self.api.put(
            f"/players/{player_id}", sent, headers=self.if_match(demand, kept.version if kept else None)
        )
        refused = self.refused(kept, demand) or self.model.conflict(sent, player_id)
        if kept is None or refused:
            self.is_refusal(answer, refused)
            return
        assert answer.status == 200
        same = {name: kept.shown[name] for name in ("player_id", "created_at")}
        assert answer.data == filled(sent) | same | {"updated_at": answer.data["updated_at"]}
        assert answer.data["updated_at"] >= kept.shown["updated_at"]
        kept.shown, kept.version = answer.data, kept.version + 1
        assert answer.headers["etag"] == kept.etag

    @rule(place=requests.places, demand=requests.demands)
    def delete(self, place: int, demand: str) -> None:
        player_id, kept = self.player(place)
        answer = self.api.delete(
            f"/players/{player_id}", headers=self.if_match(demand, kept.version if kept else None)
        )
        if refused := self.refused(kept, demand):
            self.is_refusal(answer, refused)
            return
        assert (answer.status, answer.text) == (204, "")
        del self.model.players[player_id]
        self.model.gone.append(player_id)

    @rule(place=requests.places, demand=requests.demands)
    def read(self, place: int, demand: str) -> None:
        player_id, kept = self.player(place)
        etag, shown = (kept.etag, kept.shown) if kept else ("", {})
        self.is_shown(f"/players/{player_id}", kept.version if kept else None, demand, etag, shown)

    @rule(sent=requests.bodies, place=requests.places)
    def send_what_is_invalid(self, sent: Fields, place: int) -> None:
        player_id, _ = self.player(place)
        invalid = self.own(sent) | {"email": "nobody", "player_id": player_id}
        for answer in (self.api.post("/players", invalid), self.api.put(f"/players/{player_id}", invalid)):
            assert (answer.status, answer.code) == (422, "validation_error")
            assert {one["field"] for one in answer.json()["errors"]} == {"email", "player_id"}

    # Statistics

    @rule(place=requests.places, result=requests.results, key=requests.keys, demand=requests.demands)
    def add_result(self, place: int, result: Fields, key: str | None, demand: str) -> None:
        player_id, kept = self.player(place)
        path = f"/players/{player_id}/stats"
        demanded = self.if_match(demand, len(kept.results) if kept else None)
        answer = self.post(("stats", key), path, result, self.refused(kept, demand), demanded)
        if kept and answer:
            kept.results.append(result)
            assert (answer.status, answer.data) == (200, kept.stats())
            assert answer.headers["etag"] == kept.stats_etag

    @rule(place=requests.places, demand=requests.demands)
    def read_stats(self, place: int, demand: str) -> None:
        player_id, kept = self.player(place)
        etag, shown = (kept.stats_etag, kept.stats()) if kept else ("", {})
        version = len(kept.results) if kept else None
        self.is_shown(f"/players/{player_id}/stats", version, demand, etag, shown)

    # Lists

    @rule(wanted=requests.filters, latest_first=requests.directions, limit=requests.limits)
    def list_all(self, wanted: Fields, latest_first: bool, limit: int) -> None:
        wanted = self.own(wanted)
        sort = {"sort": "-created_at"} if latest_first else {}
        mine = "username" in wanted or "email" in wanted or "country" in wanted
        pages = walk(self.api, urlencode(wanted | sort | {"limit": limit if mine else 100}))
        found = [one for page in pages for one in page if one["username"].startswith(self.word)]
        assert found == self.model.listed(wanted, latest_first=latest_first)
        if mine:
            assert all(len(page) == limit for page in pages[:-1])
            assert 1 <= len(pages[-1]) <= limit or pages == [[]]

    @rule(country=requests.countries, latest_first=requests.directions, limit=requests.limits)
    def begin_a_list(self, country: str, latest_first: bool, limit: int) -> None:
        self._page({"country": country} | ({"sort": "-created_at"} if latest_first else {}), limit)

    @precondition(lambda self: self.pages)
    @rule(place=requests.places, limit=requests.limits)
    def go_on_with_a_list(self, place: int, limit: int) -> None:
        query, after, cursor = self.pages[place % len(self.pages)]
        self._page(query, limit, after, cursor)

    @precondition(lambda self: self.pages)
    @rule(place=requests.places, status=requests.statuses)
    def go_on_with_another_list(self, place: int, status: str) -> None:
        query, _, cursor = self.pages[place % len(self.pages)]
        answer = self.api.get(f"/players?{urlencode(query | {'status': status, 'cursor': cursor})}")
        assert (answer.status, answer.code) == (400, "invalid_cursor")

    def _page(self, query: Fields, limit: int, after: str | None = None, cursor: str | None = None) -> None:
        onward = {"cursor": cursor} if cursor else {}
        answer = self.api.get(f"/players?{urlencode(query | {'limit': limit} | onward)}")
        found = self.model.listed(
            {"country": query["country"]}, latest_first=query.get("sort", "").startswith("-"), after=after
        )
        following = answer.json()["meta"]["next_cursor"]
        assert (answer.status, answer.data) == (200, found[:limit])
        assert (following is not None) == (len(found) > limit) == ("link" in answer.headers)
        if following:
            self.pages.append((query, answer.data[-1]["player_id"], following))


def run(api: Api, steps: int, seed: int) -> int:
    """Make that many steps or a few more; how many they were. ``seed`` decides which."""
    Machine.steps = 0
    while Machine.steps < steps:

        @seeded(seed + Machine.steps)
        class OfThisApi(Machine):
            def __init__(self) -> None:
                super().__init__(api)

        chosen = settings(
            max_examples=max(1, min(20, steps // _STEPS)),
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(OfThisApi, settings=chosen)
    return Machine.steps
