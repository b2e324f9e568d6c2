"""What the journal holds: every request to the partner's routes with its answer, in its own sandbox and no other."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from routes import ROUTES, TABLE_ACTIONS
from services.sandboxes import declared
from services.sandboxes.opening import opened
from tests.conftest import MayDo
from tests.support import tenants
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.journal import Journal
from tests.support.players import NOBODY
from utils.settings import settings

ATREUS = {"username": "Atreus", "email": "atreus@example.com"}
CLIENTS, EACH = 50, 4


def test_a_request_is_there_with_its_answer(journal: Journal) -> None:
    api = Gateway(open_session())
    answer = api.post("/players?x=1&x=2", ATREUS, headers={"x-run": "7"})
    [row] = journal.rows()
    told = {
        name: row[name]
        for name in ("id", "method", "path", "route", "client_id", "fault", "idempotent_replay")
    }
    assert told == {
        "id": answer.headers["x-request-id"],
        "method": "POST",
        "path": "/players",
        "route": "players-create",
        "client_id": "psn-emulator",
        "fault": None,
        "idempotent_replay": False,
    }
    assert row["sub"] == api.claims["sub"]
    assert row["request"] == {
        "headers": {"content-type": "application/json", "x-run": "7"},
        "query": {"x": ["1", "2"]},
        "body": ATREUS,
        "body_left": None,
    }
    assert row["response"]["status"] == 201
    assert row["response"]["body"] == answer.json()
    assert row["response"]["headers"] == answer.headers
    assert row["duration_ms"] > 0
    assert journal.show(row["id"]).data == row
    assert journal.show("another").code == "request_not_found"


@pytest.mark.parametrize("prefix", ["", "/s/ci-7"])
def test_routes_of_the_identity_provider_and_unknown_paths_are_there_too(
    journal: Journal, prefix: str
) -> None:
    paths = ("/.well-known/openid-configuration", "/auth/userinfo", "/players/7/trophies", "/auth/authorize")
    statuses = [Gateway().get(f"{prefix}{path}").status for path in paths]
    rows = Journal(opened("ci-7")).rows() if prefix else journal.rows()
    assert [(row["path"], row["response"]["status"]) for row in rows] == list(
        zip(paths, statuses, strict=True)
    )


def test_what_only_the_emulator_has_is_not(journal: Journal) -> None:
    for path in ("/", "/healthz", "/docs", "/openapi.json", "/_emulator/clock", "/_emulator/nothing"):
        Gateway(open_session()).get(path)
    assert journal.rows() == []


def test_it_is_complete_under_many_clients_at_once(journal: Journal) -> None:
    def client(number: int) -> list[str]:
        api = Gateway(open_session(subject=f"subject-{number}"))
        return [api.get(f"/players/{NOBODY}").headers["x-request-id"] for _ in range(EACH)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        sent = [request_id for ids in pool.map(client, range(CLIENTS)) for request_id in ids]
    assert Counter({row["id"]: 1 for row in journal.all()}) == Counter(sent)
    match = {"path": "/players/*"}
    assert journal.verify(match=match, count={"exactly": CLIENTS * EACH}).data["complete"]


def test_each_row_is_in_its_own_sandbox_only(journal: Journal) -> None:
    for name in ("ci-7", "ci-8"):
        Gateway(open_session(opened(name))).get(f"/s/{name}/players/{NOBODY}")
    [seven], [eight] = (Journal(opened(name)).rows() for name in ("ci-7", "ci-8"))
    assert seven["response"]["headers"]["x-sandbox"] == "ci-7"
    assert eight["response"]["headers"]["x-sandbox"] == "ci-8"
    assert journal.rows() == []
    assert Journal(opened("ci-7")).show(eight["id"]).status == 404
    cursor = Journal(opened("ci-7")).told()["meta"]["next_cursor"]
    assert Journal(opened("ci-8")).ask(after=cursor).code == "invalid_cursor"


def test_the_default_sandboxs_administrator_reads_that_of_any(journal: Journal) -> None:
    Gateway(open_session(opened("ci-7"))).get("/players")
    assert len(journal.api.get("/s/ci-7/_emulator/requests").json()["data"]) == 1


def test_a_reset_ends_it(journal: Journal) -> None:
    Gateway(open_session(opened("ci-7"))).get("/players")
    assert len(Journal(opened("ci-7")).rows()) == 1
    declared.reset("ci-7")
    assert Journal(opened("ci-7")).rows() == []


def test_refused_requests_are_there(journal: Journal) -> None:
    alive, mine = open_session(), open_session(opened("ci-7"))
    dead, of_nobody = {**alive, "jti": "gone.1"}, Gateway()

    def refused(api: Gateway, path: str, **headers: str) -> tuple[str, int]:
        answer: Answer = api.get(path, headers=headers)
        return answer.headers["x-request-id"], answer.status

    here = [
        refused(Gateway(dead), "/players"),
        refused(Gateway(alive), "/s/ci-7/players"),
        refused(of_nobody, "/auth/userinfo"),
    ]
    there = [
        refused(Gateway({**mine, "jti": "gone.1"}), "/players"),
        refused(Gateway(mine), "/players", **{"x-sandbox": "default"}),
        refused(of_nobody, "/s/ci-7/.well-known/jwks.json", **{"x-sandbox": "ci-8"}),
    ]
    declared.reset("ci-7")
    nowhere = [
        refused(of_nobody, "/s/NO/.well-known/jwks.json"),
        refused(of_nobody, "/s/never/trophies"),
        refused(of_nobody, "/.well-known/jwks.json", **{"x-sandbox": "no name"}),
    ]
    late = [refused(Gateway(mine), "/players")]
    assert [status for _, status in (*here, *there, *late)] == [401, 400, 401, 401, 400, 400, 401]
    assert [status for _, status in nowhere] == [400, 404, 400]
    assert [(row["id"], row["response"]["status"]) for row in journal.rows()] == here
    assert [(row["id"], row["response"]["status"]) for row in Journal(opened("ci-7")).rows()] == late


def test_those_of_a_token_are_in_its_sandbox_before_a_reset(journal: Journal) -> None:
    mine = open_session(opened("ci-7"))
    Gateway(mine).get("/players", headers={"x-sandbox": "default"})
    Gateway().get("/s/ci-7/.well-known/jwks.json", headers={"x-sandbox": "ci-8"})
    assert [row["response"]["body"]["code"] for row in Journal(opened("ci-7")).rows()] == [
        "sandbox_mismatch",
        "sandbox_mismatch",
    ]


def test_an_answer_that_was_given_before_says_so(journal: Journal) -> None:
    api = Gateway(open_session())
    for _ in range(2):
        api.post("/players", ATREUS, headers={"Idempotency-Key": "k-1"})
    assert [row["idempotent_replay"] for row in journal.rows()] == [False, True]


def test_real_time_and_the_sandboxs_stand_beside_each_other(journal: Journal) -> None:
    admin = Gateway(open_session(opened("ci-7")))
    admin.put("/_emulator/clock", {"now": "2100-01-01T00:00:00Z", "freeze": True})
    before = datetime.now().astimezone()
    Gateway(open_session(opened("ci-7"))).get("/players")
    [row] = Journal(opened("ci-7")).rows()
    assert row["sandbox_time"] == "2100-01-01T00:00:00.000Z"
    assert abs((datetime.fromisoformat(row["received_at"]) - before).total_seconds()) < 5


@pytest.mark.parametrize(
    ("options", "body", "left"),
    [
        ({"raw": "not JSON", "headers": {"content-type": "application/json"}}, None, "unreadable"),
        ({"raw": b"\xff\xfe", "headers": {"content-type": "image/png"}}, None, "unreadable"),
        (
            {"raw": '{"a": 1}', "headers": {"content-type": "application/x-www-form-urlencoded"}},
            None,
            "unreadable",
        ),
        ({"raw": '{"a": [1, null]}', "headers": {}}, {"a": [1, None]}, None),
        (
            {
                "raw": "a=1&b=2&b=3&empty=",
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
            {"a": "1", "b": ["2", "3"], "empty": ""},
            None,
        ),
        (
            {"raw": "[" * 200 + "]" * 200, "headers": {"content-type": "application/json"}},
            None,
            "unreadable",
        ),
        ({"raw": "null", "headers": {"content-type": "application/json"}}, None, None),
    ],
)
def test_bodies(journal: Journal, options: dict[str, Any], body: Any, left: str | None) -> None:
    Gateway(open_session()).post("/trophies", **options)
    [row] = journal.rows()
    assert (row["request"]["body"], row["request"]["body_left"]) == (body, left)


def test_of_a_long_body_the_beginning_is_there_and_of_a_page_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.provide(monkeypatch)
    Gateway().post("/trophies", {"text": "x" * 20_000})
    Gateway().post("/trophies", {"text": "x" * 300_000})
    Gateway().get("/auth/authorize")
    long, longer, page = journal.rows()
    assert long["request"]["body_left"] == longer["request"]["body_left"] == "too_large"
    assert long["request"]["body"] == json.dumps({"text": "x" * 20_000}, separators=(",", ":"))[: 16 * 1024]
    assert longer["request"]["body"] is None
    assert (page["response"]["body"], page["response"]["body_left"]) == (None, "html")


def test_without_a_journal_nothing_is_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL", "false")
    settings.cache_clear()
    Gateway(open_session()).get("/players")
    assert journal.ask().code == journal.show("x").code == "journal_off"
    assert journal.verify(match={}).code == journal.api.delete("/_emulator/requests").code == "journal_off"
    monkeypatch.setenv("JOURNAL", "true")
    settings.cache_clear()
    assert journal.rows() == []


@pytest.mark.parametrize("token", [{}, {"jti": "gone.1"}])
def test_the_roles_of_the_partners_routes_allow_it(
    journal: Journal, may_do: MayDo, token: dict[str, str]
) -> None:
    api = Gateway(open_session() | token)
    [route] = [one for one in ROUTES if one.name == "players-get"]
    may_do(route.actions(emulates=True))
    sent = api.get(f"/players/{NOBODY}").headers["x-request-id"]
    may_do(TABLE_ACTIONS)
    assert [row["id"] for row in journal.rows()] == [sent]
