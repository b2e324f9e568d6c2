"""``…/export`` and ``…/import``: the state of a sandbox as a document."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.sandbox_document import SandboxDocument
from services import clock
from services.identity import passwords
from services.sandboxes import declared, exporting, importing, planting
from services.sandboxes.opening import opened
from tests.conftest import restore_items, stored_items
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from tests.unit.sandboxes.test_declared import ATREUS, KIM, PATH, admin, caller, login, players, put
from utils import strict_json
from utils.validation import validated

__all__ = ["admin"]

HASH = "$argon2id$v=19$m=19456,t=2,p=1$wEZ5cSr/vFuMQLjKZ0qHYQ$eRhQ9WKsiBvby7wlzRBSXOUdIeB8dOqBmrJbxUPDABg"


_HASHER = passwords.HASHER


@pytest.fixture(autouse=True)
def _strong_hashes(admin: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that a document may have."""
    monkeypatch.setattr(passwords, "HASHER", _HASHER)
    clients = [{**entry, "secret_hash": entry["secret_hash"] and HASH} for entry in identity.clients()]
    identity.store_seed(identity.seed_entry(password_hash=HASH), registered=clients)


KIM_BODY = {name: value for name, value in KIM.items() if name != "username"} | {
    "email_verified": True,
    "name": "Kim",
    "scopes": ["openid"],
}
CLIENT: dict[str, Any] = {
    "client_id": "companion",
    "name": "Companion",
    "secret": "a-secret-of-tests",
    "grant_types": ["client_credentials", "password"],
    "scopes": ["openid", "players:read"],
    "resources": ["urn:example:scores"],
    "audience": ["urn:example:api"],
    "access_token_seconds": 120,
    "refresh_token_seconds": 3600,
}


def exported(admin: Gateway, name: str = "ci-7", limit: int = 1000) -> list[str]:
    """The pages of an export, as they came."""
    pages, cursor = [], ""
    while True:
        answer = admin.get(f"{PATH}/{name}/export?limit={limit}{cursor}")
        assert answer.status == 200, answer.text
        pages.append(answer.text[len('{"data":') : answer.text.rindex(',"meta":')])
        following = answer.json()["meta"]["next_cursor"]
        assert (following is None) == json.loads(pages[-1])["is_last"]
        if following is None:
            return pages
        cursor = f"&cursor={following}"


def imported(admin: Gateway, pages: list[str], name: str = "ci-7") -> Answer:
    """The answer to the last of ``pages``."""
    continued = ""
    for page in pages:
        answer = send(admin, page, continued, name)
        assert answer.status in {200, 202}, answer.text
        continued = f"?continue={answer.data['next_page']}"
    return answer


def send(admin: Gateway, page: str, continued: str = "", name: str = "ci-7") -> Answer:
    """A page, sent as it is."""
    headers = {"content-type": "application/json"}
    return admin.post(f"{PATH}/{name}/import{continued}", raw=page, headers=headers)


def test_the_state_comes_back_byte_for_byte(admin: Gateway) -> None:
    own = {"level": 7, "guild": {"id": None, "ranks": ["a", 1.25, True]}, "deep": [[[[{"a": 1e-200}]]]]}
    lee = {**KIM, "username": "lee", "address": {"locality": "Oslo"}, "scopes": "all", "extra_claims": own}
    document = {
        "users": [KIM, lee],
        "clients": [{**CLIENT, "extra_claims": own}],
        "players": [
            {"username": f"Player-{number:02}", "email": f"{number}@example.com"} for number in range(9)
        ],
        "statistics": [
            {"username": "Player-03", "matches_played": 3, "last_played_at": "2026-01-02T08:30:00Z"}
        ],
        "clock": {"offset": "-P1DT2H3.000001S", "frozen_at": "2026-01-01T00:00:00.123456Z"},
    }
    assert imported(admin, [json.dumps(document)]).data["sandbox"]["name"] == "ci-7"
    player_id = players("ci-7")[0]["player_id"]
    caller("ci-7").post(f"/players/{player_id}/stats", {"outcome": "win", "score": 7})
    caller("ci-7").put(f"/players/{player_id}", {**ATREUS, "country": "GR"})
    whole, paged = exported(admin), exported(admin, limit=4)
    assert (len(whole), len(paged)) == (1, 3)
    assert '"frozen_at":"2026-01-01T00:00:00.123456Z"' in whole[0]
    for pages in (whole, paged):
        admin.post(f"{PATH}/ci-7/reset")
        assert exported(admin) != whole
        imported(admin, pages)
        assert (exported(admin), exported(admin, limit=4)) == (whole, paged)
    first = json.loads(whole[0])
    assert (first["users"][1]["extra_claims"], first["clients"][0]["extra_claims"]) == (own, own)
    assert first["clients"][0] | CLIENT == first["clients"][0] | {"secret": CLIENT["secret"]}
    imported(admin, whole)
    imported(admin, paged, "ci-8")
    assert exported(admin, "ci-8") == whole
    assert login("ci-8", "kim", "of-tests").status == 200


def test_what_has_grown_comes_back_too(admin: Gateway) -> None:
    sums = dict.fromkeys(("wins", "score_total", "score_best", "experience", "bronze"), 10**18)
    stats = {"username": "Atreus", "matches_played": 1, "version": 10**15, **sums}
    assert send(admin, json.dumps({"players": [ATREUS], "statistics": [stats]})).status == 200
    path = f"/players/{players('ci-7')[0]['player_id']}/stats"
    assert caller("ci-7").post(path, {"outcome": "win", "score": 7}).data["wins"] == 10**18
    body = {**KIM_BODY, "password": "of-kim", "name": "", "address": {}}
    assert caller("ci-7").put("/_emulator/users/kim", body).status == 201
    pages = exported(admin)
    imported(admin, pages, "ci-8")
    assert exported(admin, "ci-8") == pages


def test_hashes_of_the_stack_stay_in_it(admin: Gateway) -> None:
    put(admin)
    assert caller("ci-7").put("/_emulator/users/kim", {**KIM_BODY, "password": "of-kim"}).status == 201
    put(admin, "no-users", seed={"users": []})
    pages = {name: exported(admin, name) for name in ("ci-7", "no-users")}
    for name, (page,) in pages.items():
        assert HASH not in page
        imported(admin, [page], f"{name}-copy")
        assert exported(admin, f"{name}-copy") == [page]
    state = json.loads(pages["ci-7"][0])
    assert [user["password_hash"] == "stack" for user in state["users"]] == [False, True]
    assert login("ci-7-copy", "kim", "of-kim").status == 200
    strong = passwords.HASHER.hash("of-the-stack")
    identity.store_seed(identity.seed_entry(password_hash=strong), registered=identity.clients())
    assert login("ci-7-copy", identity.USERNAME, "of-the-stack").status == 200
    stranger = {**KIM, "password_hash": "stack"}
    del stranger["password"]
    assert send(admin, json.dumps({"users": [stranger]})).status == 422


def test_an_import_replaces_all_and_is_seen_with_its_last_page_only(admin: Gateway) -> None:
    put(admin)
    caller("ci-7").post("/players", {"username": "Before", "email": "before@example.com"})
    pages = [page_of(number, is_last=number == 2) for number in range(3)]
    before, continued = caller("ci-7"), ""
    for page in pages[:2]:
        continued = f"?continue={send(admin, page, continued).data['next_page']}"
        assert [player["username"] for player in before.get("/players").data] == ["Before"]
    assert send(admin, pages[2], continued).status == 200
    assert before.get("/players").status == 401
    assert {player["username"] for player in players("ci-7")} == {"Player-0", "Player-1", "Player-2"}


def page_of(number: int, *, is_last: bool = False) -> str:
    """A page with one player."""
    player = {"username": f"Player-{number}", "email": f"{number}@example.com"}
    return json.dumps({"players": [player], "is_last": is_last})


def test_a_page_may_be_sent_again_and_none_be_left_out(admin: Gateway) -> None:
    first = f"?continue={send(admin, page_of(0)).data['next_page']}"
    second = [send(admin, page_of(1), first).data["next_page"] for _ in range(2)]
    assert second[0] == second[1]
    generation = second[0].partition(".")[0]
    for wrong in ("nothing", f"{generation}.3", f"{generation}.1x", f"{'0' * 16}.1"):
        assert send(admin, page_of(2), f"?continue={wrong}").code == "invalid_cursor"
    assert send(admin, page_of(2), f"?continue={second[0]}", "ci-8").code == "invalid_cursor"
    last = page_of(2, is_last=True)
    other = page_of(3, is_last=True)
    assert send(admin, page_of(3), first).code == "invalid_cursor"
    assert send(admin, json.dumps({"users": []}), first).code == "invalid_cursor"
    answers = [send(admin, last, f"?continue={second[0]}").data for _ in range(2)]
    assert answers[0] == answers[1]
    assert send(admin, other, f"?continue={second[0]}").code == "invalid_cursor"
    assert send(admin, last, first).code == "invalid_cursor"
    admin.post(f"{PATH}/ci-7/reset")
    assert send(admin, last, f"?continue={second[0]}").code == "invalid_cursor"
    assert players("ci-7") == []


def test_a_page_is_written_by_one_request_at_a_time(admin: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    continued = f"?continue={send(admin, page_of(0)).data['next_page']}"
    last, plant = page_of(1, is_last=True), planting.plant
    meanwhile: list[Answer] = []

    def slow(*given: Any) -> Any:
        monkeypatch.setattr(importing, "plant", plant)
        meanwhile.append(send(admin, last, continued))
        return plant(*given)

    monkeypatch.setattr(importing, "plant", slow)
    assert send(admin, last, continued).status == 200
    assert (meanwhile[0].status, meanwhile[0].headers["retry-after"]) == (429, "40")
    assert len(players("ci-7")) == 2


def test_a_page_whose_request_died_is_taken_by_a_later_one(
    admin: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    continued = f"?continue={send(admin, page_of(0)).data['next_page']}"
    last, real = page_of(1, is_last=True), clock.real_seconds

    def dying(*_given: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(importing, "plant", dying)
    assert send(admin, last, continued).status == 500
    monkeypatch.setattr(importing, "plant", planting.plant)
    assert send(admin, last, continued).status == 429
    monkeypatch.setattr(clock, "real_seconds", lambda: real() + 60)
    assert send(admin, last, continued).status == 200


@pytest.mark.parametrize(
    "second",
    [
        {"users": []},
        {"clock": {}},
        {"players": [{**ATREUS, "username": "PLAYER-0"}]},
        {"players": [{**ATREUS, "email": "0@example.com"}]},
    ],
)
def test_what_contradicts_an_earlier_page_is_refused(admin: Gateway, second: Any) -> None:
    continued = f"?continue={send(admin, page_of(0)).data['next_page']}"
    assert send(admin, json.dumps(second), continued).status == 422
    assert send(admin, page_of(1, is_last=True), continued).status == 200


def test_an_import_keeps_seed_end_and_strictness(admin: Gateway) -> None:
    before = put(admin, seed={"players": [ATREUS]}, ttl="PT2H", strict=True)
    after = send(admin, "{}").data["sandbox"]
    assert {**after, "began_at": None} == {**before, "began_at": None}
    assert players("ci-7") == []
    admin.post(f"{PATH}/ci-7/reset")
    assert [player["username"] for player in players("ci-7")] == ["Atreus"]


def test_users_and_clients_stand_in_it_where_they_are_not_the_stacks(admin: Gateway) -> None:
    put(admin, "stack")
    assert not {"users", "clients"} & json.loads(exported(admin, "stack")[0]).keys()
    put(admin, "empty", seed="empty")
    assert json.loads(exported(admin, "empty")[0])["users"] == []
    put(admin, "own", seed={"users": [KIM]})
    document = json.loads(exported(admin, "own")[0])
    assert [user["username"] for user in document["users"]] == ["kim"]
    assert "password" not in document["users"][0]
    assert [client["client_id"] for client in document["clients"]] == sorted(
        client["client_id"] for client in identity.clients()
    )


def test_a_document_of_clients_alone_keeps_what_the_stacks_users_claim(admin: Gateway) -> None:
    claims = {"rate": 0.25, "level": 10**40}
    identity.store_seed(identity.seed_entry(extra_claims=claims), registered=identity.clients())
    assert send(admin, json.dumps({"clients": []})).status == 200
    tokens = login("ci-7", identity.USERNAME, identity.PASSWORD).json()
    told = identity.payload(tokens["access_token"])
    assert {name: told[name] for name in claims} == claims
    assert json.loads(exported(admin)[0])["users"][0]["extra_claims"] == claims


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("clients", {**CLIENT, "audience": ["companion"]}),
        ("clients", {**CLIENT, "audience": ["psn-emulator"]}),
        ("clients", {**CLIENT, "id_token_signed_response_alg": "RS256"}),
        ("clients", {**CLIENT, "client_id": "psn-emulator"}),
        ("clients", {**CLIENT, "extra_claims": {"sub": "x"}}),
        ("clients", {**CLIENT, "access_token_seconds": 59}),
        ("clients", {**CLIENT, "resources": ["urn:" + "x" * 66_000]}),
        ("users", {**KIM, "extra_claims": {"email": "x"}}),
        ("users", {**KIM, "nickname": "x" * 66_000}),
        ("clients", {**CLIENT, "client_id": identity.SUBJECT}),
        ("clients", {**CLIENT, "audience": ["\U0001f600" * 180]}),
    ],
)
def test_what_may_not_be_registered_stands_in_no_document(admin: Gateway, section: str, entry: Any) -> None:
    assert send(admin, json.dumps({section: [entry]})).code == "validation_error"


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("clients", {**CLIENT, "secret": "demo-backend-secret"}),
        ("clients", {**CLIENT, "client_id": "demo-backend"}),
        ("users", {**KIM, "password": "password123"}),
        ("users", {**KIM, "username": "TestUser"}),
    ],
)
def test_nothing_documented_stands_in_a_document_of_a_guarded_stack(
    admin: Gateway, monkeypatch: pytest.MonkeyPatch, section: str, entry: Any
) -> None:
    document = json.dumps({section: [entry]})
    assert send(admin, document).status == 200
    monkeypatch.setenv("ENVIRONMENT", "staging")
    identity.forget()
    assert send(admin, document).code == "validation_error"


def test_a_cursor_is_of_its_generation(admin: Gateway) -> None:
    imported(admin, [page_of(0, is_last=True)])
    caller("ci-7").post("/players", ATREUS)
    cursor = admin.get(f"{PATH}/ci-7/export?limit=1").json()["meta"]["next_cursor"]
    assert admin.get(f"{PATH}/ci-7/export?limit=1&cursor={cursor}").status == 200
    admin.post(f"{PATH}/ci-7/reset")
    for name in ("ci-7", "default"):
        answer = admin.get(f"{PATH}/{name}/export?limit=1&cursor={cursor}")
        assert (answer.status, answer.code) == (400, "invalid_cursor")
    assert admin.get(f"{PATH}/nobody/export").status == 404


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
MOMENT = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.isoformat(timespec="milliseconds") + "Z"
)
TOTAL = st.integers(0, 10**18)


def optional(members: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """An entry with some of these members besides those that it has."""
    return lambda entry: st.fixed_dictionaries({}, optional=members).map(lambda more: entry | more)


def users(number: int) -> Any:
    """So many users."""
    return st.tuples(
        *(
            st.just(
                {"username": f"u{place}", "email": f"u{place}@example.com", "password_hash": HASH}
            ).flatmap(
                optional(
                    {
                        "name": TEXT,
                        "nickname": TEXT,
                        "email_verified": st.booleans(),
                        "scopes": st.sampled_from(["all", ["openid"], []]),
                        "address": st.fixed_dictionaries({}, optional={"locality": TEXT}),
                    }
                )
            )
            for place in range(number)
        )
    ).map(list)


def some_players(number: int) -> Any:
    """So many players."""
    return st.tuples(
        *(
            st.just({"username": f"Player-{place}", "email": f"p{place}@example.com"}).flatmap(
                optional(
                    {
                        "display_name": TEXT,
                        "country": st.sampled_from([None, "GR", "JP"]),
                        "language": st.sampled_from(["el", "ZH-hant-tw"]),
                        "status": st.sampled_from(["active", "banned"]),
                        "created_at": MOMENT,
                        "updated_at": MOMENT,
                        "version": st.integers(1, 10**15),
                    }
                )
            )
            for place in range(number)
        )
    ).map(list)


STATS = dict.fromkeys(("matches_played", "wins", "score_total", "score_best", "gold"), TOTAL) | {
    "last_played_at": MOMENT,
    "version": st.integers(1, 10**15),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents of a few users and players."""
    document: dict[str, Any] = {"players": draw(st.integers(0, 5).flatmap(some_players))}
    names = [player["username"] for player in document["players"]]
    document["statistics"] = [
        {"username": name, **draw(st.fixed_dictionaries({}, optional=STATS))}
        for name in names
        if draw(st.booleans())
    ]
    if draw(st.booleans()):
        document["users"] = draw(st.integers(0, 3).flatmap(users))
    if draw(st.booleans()):
        document["clients"] = []
    if draw(st.booleans()):
        document["clock"] = draw(
            st.fixed_dictionaries(
                {}, optional={"offset": st.sampled_from(["PT1H", "-P3DT0.5S", "P2W"]), "frozen_at": MOMENT}
            )
        )
    return document


def taken(pages: list[str]) -> None:
    """Import ``pages``, past the gateway."""
    continued = None
    for page in pages:
        document = validated(SandboxDocument, json.loads(page))
        continued = importing.take("ci-7", document, continued).next_page
    assert continued is None


def given_back(limit: int) -> list[str]:
    """The pages of an export, past the gateway."""
    pages, cursor = [], None
    while True:
        document, cursor = exporting.page("ci-7", limit, cursor)
        pages.append(strict_json.canonical(document))
        if cursor is None:
            return pages


def test_whatever_a_document_says_it_says_again(admin: Gateway) -> None:
    before = stored_items()

    @given(documents(), st.integers(1, 6))
    @settings(max_examples=15, database=None)
    def run(document: dict[str, Any], limit: int) -> None:
        restore_items(before)
        taken([json.dumps(document)])
        whole, paged = given_back(1000), given_back(limit)
        declared.reset("ci-7")
        taken(paged)
        assert (given_back(1000), given_back(limit)) == (whole, paged)

    run()


def test_one_that_is_not_there_begins_by_an_import(admin: Gateway) -> None:
    answer = send(admin, page_of(0, is_last=True), name="new")
    assert (answer.status, answer.data["sandbox"]["declared"]) == (200, False)
    assert Gateway(open_session(opened("new"))).get("/players").data[0]["username"] == "Player-0"
