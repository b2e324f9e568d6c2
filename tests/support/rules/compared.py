"""An API beside its model: what the random requests have in common."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from tests.support.gateway import Answer
from tests.support.players import NOBODY
from tests.support.rules import requests
from tests.support.rules.api import Api, walk, word
from tests.support.rules.model import Fields, Kept, Model


class Compared(RuleBasedStateMachine):
    """An API and its model, which get the same requests."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        api.begin()
        self.api, self.model, self.word = api, Model(), word()
        self.answered: dict[tuple[str, str | None], tuple[str, Answer]] = {}
        self.pages: list[tuple[Fields, str, str]] = []
        self.remove({"country": country} for country in requests.COUNTRIES)

    def teardown(self) -> None:
        for player_id in self.model.players:
            self.api.delete(f"/players/{player_id}")

    def own(self, sent: Fields) -> Fields:
        """``sent`` with names that nobody else has."""
        own = dict(sent)
        if "username" in sent:
            own["username"] = f"{self.word}-{sent['username']}"
        if "email" in sent:
            own["email"] = f"{self.word}.{sent['email']}@mail.example"
        return own

    def player(self, place: int) -> tuple[str, Kept | None]:
        """Somebody: a player, seldom one who is gone or was never there."""
        ids = [*sorted(self.model.players)] * 3 + self.model.gone[-1:] + [NOBODY]
        player_id = ids[place % len(ids)]
        return player_id, self.model.players.get(player_id)

    def post(
        self,
        once: tuple[str, str | None],
        path: str,
        sent: Fields,
        refused: str | None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer | None:
        """The answer, if what is asked for has been done now; else it is one that was given before, or a refusal."""
        own = {"idempotency-key": f"{self.word}-{once[1]}"} if once[1] else {}
        answer = self.api.post(path, sent, headers={**headers, **own})
        request = json.dumps([path, sent], sort_keys=True)
        if own and once in self.answered:
            earlier, first = self.answered[once]
            if earlier == request:
                assert (answer.status, answer.text) == (first.status, first.text)
                assert answer.headers["etag"] == first.headers["etag"]
                assert answer.headers.get("location") == first.headers.get("location")
                assert answer.headers["idempotent-replayed"] == "true"
            else:
                self.is_refusal(answer, "idempotency_key_reused")
            return None
        if refused:
            self.is_refusal(answer, refused)
            return None
        assert "idempotent-replayed" not in answer.headers
        if own:
            self.answered[once] = (request, answer)
        return answer

    def if_match(self, demand: str, version: int | None, name: str = "if-match") -> dict[str, str]:
        current = version or 0
        headers = {
            "current": f'"v{current}"',
            "listed": f'"v{current + 7}", "v{current}"',
            "any": "*",
            "stale": f'"v{current + 1}"',
            "weak": f'W/"v{current}"',
        }
        return {name: headers[demand]} if demand in headers else {}

    def refused(self, kept: Kept | None, demand: str) -> str | None:
        if kept is None:
            return "player_not_found"
        return "version_conflict" if demand in {"stale", "weak"} else None

    def is_refusal(self, answer: Answer, code: str | None) -> None:
        note(answer.text)
        statuses = {"player_not_found": 404, "version_conflict": 412, "idempotency_key_reused": 422}
        assert (answer.code, answer.status) == (code, statuses.get(str(code), 409))

    def is_shown(self, path: str, version: int | None, demand: str, etag: str, shown: Fields) -> None:
        answer = self.api.get(path, headers=self.if_match(demand, version, "if-none-match"))
        if version is None:
            self.is_refusal(answer, "player_not_found")
        elif demand in {"none", "stale"}:
            assert (answer.status, answer.data, answer.headers["etag"]) == (200, shown, etag)
        else:
            assert (answer.status, answer.text, answer.headers["etag"]) == (304, "", etag)

    def remove(self, queries: Any) -> None:
        for query in queries:
            for page in walk(self.api, urlencode(query | {"limit": 100})):
                for one in page:
                    self.api.delete(f"/players/{one['player_id']}")
