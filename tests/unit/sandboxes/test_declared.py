"""``/_emulator/sandboxes``: declared, described, listed, reset and deleted."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from services.sandboxes import named_seeds
from services.sandboxes.opening import SandboxNotFoundException, opened
from tests.conftest import all_items
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from utils import table
from utils.aws import calls
from utils.sandbox import sandbox_key

PATH = "/_emulator/sandboxes"
ATREUS = {"username": "Atreus", "email": "atreus@example.com"}
KIM = {"username": "kim", "password": "of-tests", "email": "kim@example.com"}


@pytest.fixture
def admin(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The default sandbox's administrator, where the stack has a user and clients."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry(), registered=identity.clients())
    return Gateway(open_session())


def caller(name: str) -> Gateway:
    """A caller in the present generation of a sandbox."""
    return Gateway(open_session(opened(name)))


def login(name: str, username: str = identity.USERNAME, password: str = identity.PASSWORD) -> Answer:
    """A login in a sandbox."""
    return Gateway().post(f"/s/{name}/auth/token", {"username": username, "password": password})


def put(admin: Gateway, name: str = "ci-7", **body: Any) -> Mapping[str, Any]:
    """Declare a sandbox; what it is."""
    answer = admin.put(f"{PATH}/{name}", body)
    assert answer.status in {200, 201}, answer.text
    data: Mapping[str, Any] = answer.data
    return data


def players(name: str, query: str = "") -> Any:
    """The players of a sandbox."""
    return caller(name).get(f"/players{query}").data


def test_a_sandbox_is_declared_and_described(admin: Gateway) -> None:
    answer = admin.put(f"{PATH}/ci-7", {"ttl": "PT2H", "strict": True, "seed_number": 7})
    assert (answer.status, answer.headers["location"]) == (
        201,
        "https://partner.test/_emulator/sandboxes/ci-7",
    )
    told = {name: answer.data[name] for name in ("seed", "seed_number", "ttl", "strict", "declared")}
    assert told == {"seed": "default", "seed_number": 7, "ttl": "PT2H", "strict": True, "declared": True}
    assert answer.data["base_url"] == "https://partner.test/s/ci-7"
    assert admin.get(f"{PATH}/ci-7").data == answer.data
    assert login("ci-7").status == 200


def test_one_that_is_there_keeps_what_it_holds_until_it_is_reset(
    admin: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(admin)
    caller("ci-7").post("/players", ATREUS)
    monkeypatch.setattr(named_seeds, "PLAYERS", 30)
    answer = admin.put(f"{PATH}/ci-7", {"seed": "large-1000", "ttl": "PT1H"})
    assert (answer.status, answer.data["reset_pending"], answer.data["ttl"]) == (200, True, "PT1H")
    assert [player["username"] for player in players("ci-7")] == ["Atreus"]
    before = caller("ci-7")
    reset = admin.post(f"{PATH}/ci-7/reset")
    assert (reset.status, reset.data["reset_pending"], reset.data["ttl"]) == (200, False, "PT1H")
    assert before.get("/players").status == 401
    assert len(players("ci-7", "?limit=100")) == 30
    assert not players("ci-8")


def test_the_default_sandbox_is_reset_and_never_ends(admin: Gateway) -> None:
    assert admin.get(f"{PATH}/default").data["ends_at"] is None
    admin.post("/players", ATREUS)
    operator = {**KIM, "scopes": ["emulator:admin"]}
    assert put(admin, "default", seed={"users": [operator], "clients": []})["reset_pending"]
    assert admin.get("/players").data
    assert admin.post(f"{PATH}/default/reset").data["ends_at"] is None
    assert admin.get("/players").status == 401
    assert Gateway(open_session(opened("default"))).get("/players").data == []
    answer = Gateway(open_session(opened("default"))).delete(f"{PATH}/default")
    assert (answer.status, answer.code) == (409, "default_sandbox")


@pytest.mark.parametrize("seed", ["empty", {"users": [KIM], "clients": []}, {"users": []}])
def test_nobody_takes_from_the_default_sandbox_who_operates_it(admin: Gateway, seed: Any) -> None:
    identity.store_seed(identity.seed_entry(), registered=[])
    document = seed if isinstance(seed, dict) else {"users": [], "clients": []}
    person = f"/_emulator/users/{identity.USERNAME}"
    less = {"password": identity.PASSWORD, "email": "a@b.example", "scopes": "all"}
    for answer in (
        admin.put(f"{PATH}/default", {"seed": seed}),
        admin.post(f"{PATH}/default/import", document),
        admin.put(person, {**less, "email_verified": True, "name": "Less"}),
        admin.delete(person),
    ):
        assert (answer.status, answer.code) == (409, "no_operator"), answer.text
    operator = {"name": "Operator", "grant_types": ["client_credentials"], "scopes": ["emulator:admin"]}
    assert admin.put("/_emulator/clients/operator", {**operator, "secret": "of-tests"}).status == 201
    assert admin.delete(person).status == 204
    assert Gateway(open_session(opened("default"))).post(f"{PATH}/default/reset").status == 200


@pytest.mark.parametrize("body", [{"ttl": "PT1H"}, {"strict": True}])
def test_the_default_sandbox_has_no_end_and_is_not_strict(admin: Gateway, body: Any) -> None:
    assert admin.put(f"{PATH}/default", body).json()["errors"][0]["code"] == "default_sandbox"


def test_a_deleted_one_is_gone_at_once_and_the_next_of_its_name_sees_nothing_of_it(admin: Gateway) -> None:
    put(admin)
    before = caller("ci-7")
    before.post("/players", ATREUS)
    assert admin.delete(f"{PATH}/ci-7").status == 204
    assert before.get("/players").status == 401
    for answer in (admin.get(f"{PATH}/ci-7"), admin.get(f"{PATH}/ci-7/export"), admin.delete(f"{PATH}/ci-7")):
        assert (answer.status, answer.code) == (404, "sandbox_not_found")
    assert [one["name"] for one in admin.get(PATH).data] == ["default"]
    assert players("ci-7") == []
    assert before.get("/players").status == 401


def test_a_reset_begins_one_that_may_be_had_by_being_named(
    admin: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        answer = admin.post(f"{PATH}/ci-77/reset")
        told = {name: answer.data[name] for name in ("seed", "ttl", "declared")}
        assert (answer.status, told) == (200, {"seed": "default", "ttl": "P7D", "declared": False})
    put(admin, "ci-77", seed="empty", ttl="PT1H")
    admin.delete(f"{PATH}/ci-77")
    assert admin.post(f"{PATH}/ci-77/reset").data["ttl"] == "P7D"
    monkeypatch.setenv("SANDBOXES", "declared")
    identity.forget()
    assert admin.post(f"{PATH}/ci-78/reset").code == "sandbox_not_found"


def test_a_strict_one_is_remembered_for_ever(admin: Gateway) -> None:
    def is_purged() -> bool:
        return "purge_at" in (table.get(sandbox_key("ci-7")) or {})

    put(admin, strict=True)
    assert not is_purged()
    put(admin)
    assert is_purged()
    put(admin, strict=True)
    admin.post(f"{PATH}/ci-7/reset")
    admin.delete(f"{PATH}/ci-7")
    assert not is_purged()


def test_a_strict_one_is_declared_before_it_is_used(admin: Gateway) -> None:
    put(admin, strict=True)
    admin.delete(f"{PATH}/ci-7")
    assert admin.post(f"{PATH}/ci-7/reset").status == 404
    with pytest.raises(SandboxNotFoundException):
        opened("ci-7")
    assert admin.post(f"{PATH}/ci-7/import", {}).status == 404
    put(admin, strict=True)
    assert login("ci-7").status == 200


def test_it_ends_by_real_time_and_a_later_end_than_a_generation_has_is_refused(
    admin: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services import clock

    put(admin, ttl="PT1M")
    before, now = caller("ci-7"), clock.real_seconds()
    monkeypatch.setattr(clock, "real_seconds", lambda: now + 61)
    assert before.get("/players").status == 401
    assert admin.get(f"{PATH}/ci-7").status == 404
    put(admin, ttl="P30D")
    monkeypatch.setattr(clock, "real_seconds", lambda: now + 25 * 86_400)
    answer = admin.put(f"{PATH}/ci-7", {"ttl": "P6D"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "ttl")
    assert admin.put(f"{PATH}/ci-7", {}).status == 200
    assert admin.put(f"{PATH}/ci-7", {"ttl": "P4D"}).data["ends_at"] is not None


@pytest.mark.parametrize(
    "ttl", ["PT59S", "P31D", "P1M", "2H", "-PT2H", "P", "PT", "", 7200, "P99999999999999D"]
)
def test_a_wrong_duration_is_refused(admin: Gateway, ttl: Any) -> None:
    assert admin.put(f"{PATH}/ci-7", {"ttl": ttl}).status == 422
    assert table.get(sandbox_key("ci-7")) is None


def test_a_document_is_a_seed_and_every_reset_goes_back_to_it(admin: Gateway) -> None:
    document = {
        "users": [KIM],
        "players": [ATREUS, {"username": "Kratos", "email": "kratos@example.com", "country": "GR"}],
        "statistics": [{"username": "kratos", "matches_played": 3, "wins": 2, "score_best": 10**12}],
        "clock": {"offset": "-P1D"},
    }
    assert put(admin, seed=document)["seed"] == "document"
    found = players("ci-7")
    assert [player["username"] for player in found] == ["Atreus", "Kratos"]
    stats = caller("ci-7").get(f"/players/{found[1]['player_id']}/stats").data
    assert (stats["wins"], stats["score_best"]) == (2, 10**12)
    assert login("ci-7", "KIM", "of-tests").status == 200
    assert login("ci-7").status == 400
    caller("ci-7").delete(f"/players/{found[0]['player_id']}")
    admin.post(f"{PATH}/ci-7/reset")
    assert players("ci-7") == found
    assert login("ci-7", "kim", "of-tests").status == 200
    assert opened("ci-7").clock.offset == timedelta(days=-1)


def test_users_that_a_document_leaves_out_are_the_stacks_and_clients_alike(admin: Gateway) -> None:
    put(admin, "players-only", seed={"players": [ATREUS]})
    put(admin, "no-users", seed={"users": []})
    put(admin, "no-clients", seed={"clients": []})
    assert [login(name).status for name in ("players-only", "no-users", "no-clients", "none")] == [
        200,
        400,
        200,
        200,
    ]
    credentials = {
        "grant_type": "client_credentials",
        "client_id": identity.SERVICE,
        "client_secret": identity.SECRET,
    }
    for name, status in (("players-only", 200), ("no-users", 200), ("no-clients", 401)):
        form = urlencode(credentials)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert Gateway().post(f"/s/{name}/auth/token", raw=form, headers=headers).status == status, name


def test_an_empty_one_has_nobody(admin: Gateway) -> None:
    put(admin, seed="empty")
    assert login("ci-7").status == 400


def test_generated_players_follow_from_the_number(admin: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(named_seeds.content("large-1000", 7)["players"]) == 1000
    monkeypatch.setattr(named_seeds, "PLAYERS", 12)
    for name, number in (("a", 7), ("b", 7), ("c", 8)):
        put(admin, name, seed="large-1000", seed_number=number)
    first, again, other = (players(name, "?limit=100") for name in "abc")
    assert first == again
    assert first != other
    player_id = first[0]["player_id"]
    assert caller("a").get(f"/players/{player_id}/stats").data["matches_played"] > 0


@pytest.mark.parametrize(
    "document",
    [
        {"friends": []},
        {"users": [{"username": "kim", "email": "kim@example.com"}]},
        {"users": [KIM, {**KIM, "username": "Kim"}]},
        {"users": [KIM, {**KIM, "username": "k", "subject": "1d4a0fd0-93cc-5cf5-a5cc-61ee6eaea5cd"}] * 2},
        {"players": [ATREUS, {**ATREUS, "email": "other@example.com"}]},
        {"players": [ATREUS, {**ATREUS, "username": "Other"}]},
        {"players": [ATREUS], "statistics": [{"username": "Atreus"}] * 2},
        {"players": [{"username": f"P{number}", "email": f"p{number}@a.example"} for number in range(2001)]},
        {"statistics": [{"username": "Atreus"}]},
        {
            "clients": [
                {"client_id": "psn-emulator", "name": "x", "grant_types": ["password"], "scopes": "all"}
            ]
        },
        {"clock": {"offset": "P9999999D"}},
        {"clock": {"frozen_at": "9999-01-01T00:00:00Z"}},
        {"is_last": False},
        {"players": [{**ATREUS, "created_at": "1969-12-31T23:59:59Z"}]},
    ],
)
def test_a_wrong_document_is_refused_and_nothing_is_written(admin: Gateway, document: Any) -> None:
    answer = admin.put(f"{PATH}/ci-7", {"seed": document})
    assert (answer.status, answer.code) == (422, "validation_error")
    assert table.get(sandbox_key("ci-7")) is None


def test_four_mebibytes_are_taken_and_no_more(admin: Gateway) -> None:
    document = {"users": [{**KIM, "picture": "x" * 1000}]}
    assert put(admin, seed=document | {"is_last": True})["seed"] == "document"
    filler = " " * (64 * 1024)
    headers = {"content-type": "application/json"}
    assert admin.put(f"{PATH}/ci-7", raw="{}" + filler, headers=headers).status == 200
    assert admin.put(f"{PATH}/ci-7", raw="{}" + filler * 64, headers=headers).status == 413


def test_another_sandboxs_admin_operates_its_own_only(admin: Gateway) -> None:
    put(admin, "ci-8")
    own = caller("ci-7")
    assert own.get(f"{PATH}/ci-7").status == 200
    for method, path in (
        ("PUT", f"{PATH}/ci-8"),
        ("GET", f"{PATH}/ci-8"),
        ("DELETE", f"{PATH}/ci-8"),
        ("POST", f"{PATH}/ci-8/reset"),
        ("GET", f"{PATH}/ci-8/export"),
        ("POST", f"{PATH}/ci-8/import"),
        ("GET", f"{PATH}/default"),
    ):
        answer = own.send(method, path, body={} if method in {"PUT", "POST"} else None)
        assert (answer.status, answer.code) == (403, "foreign_sandbox")
    assert [one["name"] for one in own.get(PATH).data] == ["ci-7"]
    assert own.post(f"{PATH}/ci-7/reset").status == 200
    assert own.get(f"{PATH}/ci-7").status == 401


@pytest.mark.parametrize("name", ["CI-7", "a" * 65, "a_b"])
def test_what_cannot_be_a_name_is_refused(admin: Gateway, name: str) -> None:
    assert admin.put(f"{PATH}/{name}", {}).code == "invalid_sandbox"


def test_all_are_listed_once_in_order_a_page_at_a_time(admin: Gateway) -> None:
    names = [f"ci-{number:02}" for number in range(23)]
    for name in names:
        opened(name)
    listed, cursor = [], ""
    for _ in range(4):
        answer = admin.get(f"{PATH}?limit=7{cursor}")
        listed += [one["name"] for one in answer.data]
        following = answer.json()["meta"]["next_cursor"]
        assert (following is not None) == ("link" in answer.headers)
        cursor = f"&cursor={following}"
    assert (listed, following) == ([*names, "default"], None)
    forged = admin.get(f"{PATH}?cursor=bm9wZQ")
    assert (forged.status, forged.code) == (400, "invalid_cursor")


def test_each_write_of_a_generation_that_ends_is_deleted_in_time(admin: Gateway) -> None:
    put(admin, seed={"players": [ATREUS], "statistics": [{"username": "Atreus"}], "users": [KIM]})
    kept = [(item["pk"], item["sk"]) for item in all_items() if "purge_at" not in item]
    assert all(pk.startswith("default#") for pk, _ in kept), kept


def test_a_login_reads_sandbox_and_user_in_one_call_and_once_more_after_a_reset(admin: Gateway) -> None:
    def made() -> list[str]:
        calls.clear()
        assert login("default").status == 200
        return [name for name, *_ in calls]

    made()
    in_one = ["batch_get_item", "transact_write_items"]
    assert made() == in_one
    assert admin.post(f"{PATH}/default/reset").status == 200
    assert made() == ["batch_get_item", "batch_get_item", "put_item", "transact_write_items"]
    assert made() == in_one
