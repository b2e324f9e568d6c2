"""What holds of players and statistics, whoever calls at the same time."""

from collections import Counter
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from tests.support.rules.api import Api, body, made, walk, word

WIN = {"outcome": "win", "score": 3, "experience": 10, "trophies": {"gold": 1}}


def codes(answers: list[Any]) -> Counter[tuple[int, str | None]]:
    """How often there was each status, with the code of a problem."""
    return Counter((one.status, one.code if one.status >= 400 else None) for one in answers)


class Uniqueness:
    """Of usernames and addresses."""

    def test_of_100_creates_of_one_username_in_different_case_one_succeeds(self, caller: Api) -> None:
        name = word()
        spellings = [
            "".join(c.upper() if n >> i & 1 else c.lower() for i, c in enumerate(name)) for n in range(100)
        ]
        calls = [
            partial(caller.post, "/players", {"username": spelling, "email": f"{name}-{n}@mail.example"})
            for n, spelling in enumerate(spellings)
        ]
        answers = caller.at_once(calls)
        assert codes(answers) == {(201, None): 1, (409, "username_taken"): 99}
        (player,) = [one.data for one in answers if one.status == 201]
        assert caller.get(f"/players?username={name}").data == [player]
        assert caller.partitions(name) == [
            f"default#email#{player['email'].lower()}",
            "default#players",
            f"default#username#{name.lower()}",
        ]

    def test_of_50_creates_of_one_address_one_succeeds(self, caller: Api) -> None:
        email = f"{word()}@mail.example"
        answers = caller.at_once(
            partial(caller.post, "/players", {"username": word(), "email": email}) for _ in range(50)
        )
        assert codes(answers) == {(201, None): 1, (409, "email_taken"): 49}
        assert len(caller.partitions(email)) == 2

    def test_a_name_is_free_when_its_player_has_another_or_is_gone(self, caller: Api) -> None:
        first, second = word(), word()
        path, _ = made(caller, first)
        assert caller.put(path, body(second)).status == 200
        made(caller, first.swapcase())
        assert caller.post("/players", body(second.upper())).code == "username_taken"
        assert caller.delete(path).status == 204
        made(caller, second.lower())

    def test_of_20_players_that_want_one_name_one_gets_it(self, caller: Api) -> None:
        wanted, paths = word(), [made(caller)[0] for _ in range(20)]
        answers = caller.at_once(partial(caller.put, path, body(wanted)) for path in paths)
        found = codes(answers)
        assert found.pop((200, None)) == 1
        assert sum(found.values()) == 19
        assert found.keys() <= {(409, "username_taken"), (409, "email_taken")}

    def test_nothing_is_left_of_a_player_that_is_gone(self, caller: Api) -> None:
        path, player = made(caller)
        caller.post(f"{path}/stats", WIN)
        assert caller.delete(path).status == 204
        assert caller.partitions(player["username"]) == []
        assert caller.partitions(player["player_id"]) == []
        for answer in (caller.get(path), caller.get(f"{path}/stats"), caller.delete(path)):
            assert answer.code == "player_not_found"
        for answer in (caller.put(path, body(word())), caller.post(f"{path}/stats", WIN)):
            assert answer.code == "player_not_found"


class Counting:
    """Of results."""

    def test_of_100_results_at_once_every_one_counts(self, caller: Api) -> None:
        path, player = made(caller)
        results = [
            {**WIN, "outcome": outcome, "score": n, "played_at": f"2025-01-01T00:00:{n % 60:02}Z"}
            for n, outcome in zip(range(100), cycle(["win", "loss", "draw"]), strict=False)
        ]
        answers = caller.at_once(partial(caller.post, f"{path}/stats", result) for result in results)
        assert codes(answers) == {(200, None): 100}
        assert caller.get(f"{path}/stats").data == {
            "player_id": player["player_id"],
            "matches_played": 100,
            "wins": 34,
            "losses": 33,
            "draws": 33,
            "win_rate": 0.34,
            "score_total": sum(range(100)),
            "score_best": 99,
            "playtime_seconds": 0,
            "level": 1,
            "experience": 1000,
            "trophies": {"bronze": 0, "silver": 0, "gold": 100, "platinum": 0},
            "last_played_at": "2025-01-01T00:00:59.000Z",
        }
        assert caller.get(f"{path}/stats").headers["etag"] == '"v100"'

    def test_while_the_player_is_removed_nothing_is_left(self, caller: Api) -> None:
        path, player = made(caller)
        posts = [partial(caller.post, f"{path}/stats", WIN)] * 10
        answers = caller.at_once([*posts[:5], partial(caller.delete, path), *posts[5:]])
        assert codes(answers).keys() <= {(200, None), (204, None), (404, "player_not_found")}
        assert caller.partitions(player["player_id"]) == []


class Versions:
    """Of what is changed."""

    def test_of_two_updates_with_one_etag_one_is_done(self, caller: Api) -> None:
        path, player = made(caller)
        names = [{"username": player["username"], "email": player["email"], "display_name": n} for n in "AB"]
        etag = {"if-match": caller.get(path).headers["etag"]}
        answers = caller.at_once(partial(caller.put, path, sent, headers=etag) for sent in names)
        assert codes(answers) == {(200, None): 1, (412, "version_conflict"): 1}
        (done,) = [one for one in answers if one.status == 200]
        now = caller.get(path)
        assert (now.data, now.headers["etag"]) == (done.data, done.headers["etag"])

    def test_of_20_updates_without_an_etag_all_are_done(self, caller: Api) -> None:
        path, player = made(caller)
        sent = body(player["username"])
        answers = caller.at_once([partial(caller.put, path, sent)] * 20)
        assert {one.status for one in answers} <= {200, 429}
        done = [one.headers["etag"] for one in answers if one.status == 200]
        assert len(done) == len(set(done))
        assert caller.get(path).headers["etag"] == f'"v{1 + len(done)}"'

    def test_who_has_a_version_is_not_sent_it_again(self, caller: Api) -> None:
        path, player = made(caller)
        for below in ("", "/stats"):
            etag = caller.get(f"{path}{below}").headers["etag"]
            known = caller.get(f"{path}{below}", headers={"if-none-match": f'W/{etag}, "other"'})
            assert (known.status, known.text, known.headers["etag"]) == (304, "", etag)
        caller.put(path, body(player["username"]))
        assert caller.get(path, headers={"if-none-match": '"v1"'}).status == 200

    def test_a_player_of_another_version_is_not_removed(self, caller: Api) -> None:
        path, _ = made(caller)
        assert caller.delete(path, headers={"if-match": '"v2"'}).code == "version_conflict"
        assert caller.delete(path, headers={"if-match": '"v1"'}).status == 204


class Once:
    """Requests with an ``Idempotency-Key``."""

    @pytest.mark.parametrize("what", ["player", "result"])
    def test_of_20_at_once_one_is_carried_out_and_all_get_its_answer(self, caller: Api, what: str) -> None:
        path, _ = made(caller)
        target, sent = ("/players", body(word())) if what == "player" else (f"{path}/stats", WIN)
        headers = {"idempotency-key": word()}
        answers = caller.at_once([partial(caller.post, target, sent, headers=headers)] * 20)
        assert {one.status for one in answers} == {201 if what == "player" else 200}
        assert len({(one.text, one.headers["etag"], one.headers.get("location")) for one in answers}) == 1
        if what == "player":
            assert caller.get(f"/players?username={sent['username']}").data == [answers[0].data]
        else:
            assert caller.get(target).data["matches_played"] == 1

    def test_another_request_under_the_same_key_is_refused(self, caller: Api) -> None:
        path, _ = made(caller)
        headers = {"idempotency-key": word()}
        first = caller.post(f"{path}/stats", WIN, headers=headers)
        again = caller.post(f"{path}/stats", WIN, headers=headers)
        assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
        other = caller.post(f"{path}/stats", {"outcome": "loss"}, headers=headers)
        assert (other.status, other.code) == (422, "idempotency_key_reused")
        assert caller.get(f"{path}/stats").data["matches_played"] == 1


class Listing:
    """Of players."""

    @pytest.mark.parametrize("sort", ["created_at", "-created_at"])
    @pytest.mark.parametrize("filtered", ["", "&country=BV"])
    def test_who_is_there_throughout_is_seen_once_whoever_comes_and_goes(
        self, caller: Api, sort: str, filtered: str
    ) -> None:
        name = word()
        paths = [made(caller, f"{name}-{n}", country="BV")[0] for n in range(24)]
        staying = {path.removeprefix("/players/") for n, path in enumerate(paths) if n % 3}
        leaving, seen, cursor, made_since = [path for n, path in enumerate(paths) if not n % 3], [], "", 0
        while True:
            answer = caller.get(f"/players?limit=3&sort={sort}{filtered}{cursor}")
            seen += [one["player_id"] for one in answer.data]
            following = answer.json()["meta"]["next_cursor"]
            if following is None:
                break
            cursor = f"&cursor={following}"
            if leaving:
                caller.delete(leaving.pop(0 if made_since % 2 else -1))
                made(caller, f"{name}-x{made_since}", country="BV")
                made_since += 1
        counts = Counter(seen)
        assert {one: counts[one] for one in staying} == dict.fromkeys(staying, 1)
        assert max(counts.values()) == 1
        in_order = [one for one in seen if one in staying]
        assert in_order == sorted(staying, reverse=sort.startswith("-"))

    def test_a_filter_sees_every_change_at_once(self, caller: Api) -> None:
        path, player = made(caller, country="HM", status="active")
        name = player["username"]

        def seen(query: str) -> bool:
            return any(one["username"] == name for page in walk(caller, query) for one in page)

        assert all(
            seen(one) for one in ("country=HM", "status=active", "country=HM&status=active", "limit=100")
        )
        caller.put(path, body(name, country="TF", status="banned"))
        assert all(seen(one) for one in ("country=TF", "status=banned", "country=TF&status=banned"))
        assert not any(
            seen(one) for one in ("country=HM", "country=HM&status=active", "country=TF&status=active")
        )
        caller.delete(path)
        assert not any(seen(one) for one in ("country=TF", "country=TF&status=banned", f"username={name}"))

    def test_a_cursor_is_of_its_own_listing_only(self, caller: Api) -> None:
        for _ in range(2):
            made(caller, country="GS")
        cursor = caller.get("/players?country=GS&limit=1").json()["meta"]["next_cursor"]
        assert caller.get(f"/players?country=GS&limit=50&cursor={cursor}").status == 200
        changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
        others = (f"cursor={cursor}", f"country=GS&sort=-created_at&cursor={cursor}")
        for query in (*others, f"country=GS&cursor={changed}"):
            answer = caller.get(f"/players?{query}")
            assert (answer.status, answer.code) == (400, "invalid_cursor")
