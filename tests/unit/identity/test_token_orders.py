"""``POST /_emulator/tokens``: tokens to order, good ones and such as must be refused."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import authorizer
from routes import ADMIN, SCOPES
from services.identity import token_orders
from services.identity.sessions import family_key, user_key
from services.sandboxes import due
from services.sandboxes.opening import opened
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Answer, Context, Gateway, open_session
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import table
from utils.sandbox import DEFAULT, Sandbox
from utils.writes import Update

FORGED = ["bad_signature", "wrong_aud", "wrong_iss", "unknown_kid", "alg_none"]
"""The defects that verification finds."""
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "sandbox"]
NOT_AUTHENTIC = [*FORGED, *(f"missing_claim:{name}" for name in CLAIMS)]
UNTIMELY = ["expired", "not_yet"]


def admin(sandbox: Sandbox = DEFAULT) -> Gateway:
    """Who may order tokens in ``sandbox``."""
    return Gateway({**open_session(sandbox, subject="an-admin"), "scope": ADMIN})


@dataclass(frozen=True)
class Desk:
    """Where tokens are ordered, and shown."""

    client: Client
    gateway: Gateway

    def ask(self, **order: Any) -> Answer:
        """The answer to an order, by default for the default user."""
        whom = {} if {"sub", "username", "client_id"} & order.keys() else {"username": identity.USERNAME}
        return self.gateway.post("/_emulator/tokens", {**whom, **order})

    def order(self, **order: Any) -> dict[str, Any]:
        """What is answered to an order that is taken."""
        answer = self.ask(**order)
        assert answer.status == 201, answer.text
        ordered: dict[str, Any] = answer.data
        return ordered

    def token(self, **order: Any) -> str:
        """The access token that was ordered."""
        token: str = self.order(**order)["access_token"]
        return token

    def opens(self, token: str) -> int | None:
        """The status of ``GET /players`` with the token, ``None`` where the authorizer denies it."""
        decision = authorizer.handler(identity.authorizer_event(f"Bearer {token}"), Context())
        if not decision["isAuthorized"]:
            return None
        return Gateway(decision["context"]).get("/players").status

    def accepted(self, token: str) -> tuple[int | None, bool, int]:
        """What the API, introspection and userinfo say of the token."""
        introspected = self.client.form("/auth/introspect", {"token": token}, basic=SERVICE).json()["active"]
        return self.opens(token), introspected, self.client.userinfo(token).status


@pytest.fixture
def desk(client: Client, stopped_clock: Clock) -> Desk:
    """A desk in the default sandbox."""
    return Desk(client, admin())


GOOD = (200, True, 200)


class TestAnHonestOne:
    def test_is_good_everywhere_until_its_end(self, desk: Desk, stopped_clock: Clock) -> None:
        token = desk.token(scope="openid players:read", expires_in=100)
        stopped_clock.moment += timedelta(seconds=99)
        assert desk.accepted(token) == GOOD
        stopped_clock.moment += timedelta(seconds=1)
        assert desk.accepted(token) == (401, False, 401)

    def test_needs_no_login_before(self, desk: Desk) -> None:
        token = desk.token(sub=identity.SUBJECT)
        assert table.get(user_key(DEFAULT, identity.SUBJECT))
        assert desk.client.userinfo(token).json()["sub"] == identity.SUBJECT
        assert desk.client.tokens()["access_token"]

    def test_is_what_the_newest_entry_says(self, desk: Desk) -> None:
        before = desk.client.tokens()["access_token"]
        identity.store_seed(identity.seed_entry(password_hash=identity._SECRET_HASH, name="Another"))
        assert desk.accepted(desk.token()) == GOOD
        assert desk.client.userinfo(desk.token()).json()["name"] == "Another"
        assert desk.opens(before) == 401

    def test_has_the_scopes_of_a_login_unless_others_are_ordered(self, desk: Desk) -> None:
        of_login = desk.client.tokens()["scope"]
        assert desk.order()["claims"]["scope"] == of_login
        free = f"{ADMIN} openid game:play https://game.test/scores.write"
        assert desk.order(scope=free)["claims"]["scope"] == free
        assert desk.accepted(desk.token(scope=" ".join(SCOPES))) == GOOD
        assert desk.order(client_id=identity.SERVICE)["claims"]["scope"] == "players:read tokens:introspect"

    def test_carries_the_claims_that_were_ordered(self, desk: Desk) -> None:
        claims = {"tier": "gold", "roles": ["a", {"b": 1.5}], "none": None, "é": "\u2028"}
        ordered = desk.order(claims=claims)
        assert identity.payload(ordered["access_token"]) == ordered["claims"]
        assert ordered["claims"].items() >= claims.items()
        assert desk.accepted(ordered["access_token"]) == GOOD

    def test_the_authorizer_passes_none_of_them_on(self, desk: Desk) -> None:
        token = desk.token(claims={"tier": "gold", "username": "admin", "player_id": "p"})
        event = identity.authorizer_event(f"Bearer {token}")
        context = authorizer.handler(event, Context())["context"]
        assert set(context) == {"iss", "sub", "client_id", "scope", "sandbox", "jti", "exp", "nbf"}

    @pytest.mark.parametrize("name", sorted(token_orders.FIXED))
    def test_not_those_that_say_whose_it_is(self, desk: Desk, name: str) -> None:
        answer = desk.ask(claims={name: "x"})
        assert (answer.status, answer.json()["errors"][0]["field"]) == (422, f"claims.{name}")

    @pytest.mark.parametrize("aud", ["https://game.test", ["https://game.test", "two"]])
    def test_is_for_another_audience(self, desk: Desk, aud: str | list[str]) -> None:
        ordered = desk.order(aud=aud)
        assert ordered["claims"]["aud"] == aud
        assert desk.accepted(ordered["access_token"]) == (None, True, 401)

    def test_is_for_the_api_and_another(self, desk: Desk) -> None:
        assert desk.accepted(desk.token(aud=["https://game.test", identity.AUDIENCE])) == GOOD

    def test_begins_when_it_is_to(self, desk: Desk, stopped_clock: Clock) -> None:
        token = desk.token(not_before=30, expires_in=60)
        assert desk.accepted(token) == (401, False, 401)
        stopped_clock.moment += timedelta(seconds=30)
        assert desk.accepted(token) == GOOD
        assert desk.accepted(desk.token(not_before=-1000)) == GOOD

    def test_lives_as_long_as_it_is_to(self, desk: Desk, stopped_clock: Clock) -> None:
        assert desk.order()["expires_in"] == 300
        token = desk.token(expires_in=365 * 86400)
        stopped_clock.moment += timedelta(days=364)
        assert desk.accepted(token) == GOOD

    def test_is_told_of_when_it_expires(self, desk: Desk, stopped_clock: Clock) -> None:
        honest = desk.order(expires_in=60)["claims"]["jti"]
        desk.order(expires_in=60, defect="bad_signature")
        stopped_clock.moment += timedelta(seconds=60)
        assert [one.id for one in due.tell(DEFAULT).due] == [honest]

    def test_is_revoked_as_any_other(self, desk: Desk) -> None:
        for order in ({}, {"aud": "https://game.test"}):
            token = desk.token(username=identity.USERNAME, client_id=identity.BACKEND, **order)
            desk.client.form("/auth/revoke", {"token": token}, basic=BASIC)
            assert not desk.client.form("/auth/introspect", {"token": token}, basic=SERVICE).json()["active"]

    def test_is_a_clients_own(self, desk: Desk) -> None:
        ordered = desk.order(client_id=identity.SERVICE)
        assert ordered["claims"]["sub"] == ordered["claims"]["client_id"] == identity.SERVICE
        assert desk.accepted(ordered["access_token"]) == (200, True, 403)


class TestADefect:
    @pytest.mark.parametrize("defect", NOT_AUTHENTIC)
    def test_that_the_authorizer_finds(self, desk: Desk, defect: str) -> None:
        assert desk.accepted(desk.token(defect=defect)) == (None, False, 401)

    @pytest.mark.parametrize("defect", UNTIMELY)
    def test_that_the_functions_find_whatever_the_clock(
        self, desk: Desk, defect: str, stopped_clock: Clock
    ) -> None:
        token = desk.token(defect=defect, expires_in=60)
        for hours in (0, 1, -3, 4):
            stopped_clock.moment += timedelta(hours=hours)
            assert desk.accepted(token) == (401, False, 401)

    @pytest.mark.parametrize("defect", [*NOT_AUTHENTIC, *UNTIMELY])
    def test_is_the_only_thing_that_is_wrong(self, desk: Desk, defect: str) -> None:
        order = {"scope": "openid", "claims": {"tier": "gold"}, "expires_in": 900}
        good, bad = desk.order(**order)["claims"], desk.order(**order, defect=defect)["claims"]
        changing = {"jti", *({"exp", "iat", "nbf"} if defect in UNTIMELY else ())}
        changing |= {defect.partition(":")[2] or defect.removeprefix("wrong_")}
        assert {name: good[name] for name in good.keys() - changing} == {
            name: bad[name] for name in bad.keys() - changing
        }
        if "jti" in bad:
            assert table.get(family_key(DEFAULT, bad["jti"].partition(".")[0]))

    def test_of_an_unnamed_generation(self, client: Client) -> None:
        sandbox = opened("ci-7")
        token = (
            admin(sandbox)
            .post("/_emulator/tokens", {"username": "testuser", "defect": "missing_claim:generation"})
            .data["access_token"]
        )
        assert Desk(client, admin()).accepted(token) == (401, False, 401)

    @pytest.mark.parametrize("defect", ["", "odd", "missing_claim", "missing_claim:", "expired "])
    def test_that_is_not_known(self, desk: Desk, defect: str) -> None:
        assert desk.ask(defect=defect).status == 422

    @pytest.mark.parametrize("name", ["tier", "email", "generation"])
    def test_that_would_be_none(self, desk: Desk, name: str) -> None:
        answer = desk.ask(defect=f"missing_claim:{name}", claims={"tier": "gold"})
        assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "defect")


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"username": "nobody"}, "username"),
        ({"sub": "nobody"}, "sub"),
        ({"client_id": "nobody"}, "client_id"),
        ({"username": "testuser", "sub": identity.SUBJECT}, "body"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": 365 * 86400 + 1}, "expires_in"),
        ({"expires_in": 60, "not_before": 60}, "not_before"),
        ({"aud": []}, "aud"),
        ({"scope": "two  spaces"}, "scope"),
        ({"claims": {"long": "x" * 8192}}, "claims"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_made_is_refused(desk: Desk, order: dict[str, Any], field: str) -> None:
    answer = desk.ask(**order)
    assert answer.status == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_an_order_for_nobody_is_refused(desk: Desk) -> None:
    answer = desk.gateway.post("/_emulator/tokens", {"scope": "openid"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "body")


def test_none_is_made_for_a_user_who_is_locked(desk: Desk) -> None:
    desk.client.tokens()
    table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
    assert desk.ask().json()["errors"][0]["code"] == "locked"


@pytest.mark.parametrize("scope", [" ".join(name for name in SCOPES if name != ADMIN), "emulator:admins", ""])
def test_nobody_without_the_scope_gets_one(desk: Desk, scope: str) -> None:
    event = identity.authorizer_event(f"Bearer {desk.token(scope=scope)}", "POST /_emulator/tokens")
    assert not authorizer.handler(event, Context())["isAuthorized"]


def test_an_administrator_orders_in_the_own_sandbox_alone(client: Client) -> None:
    sandbox = opened("ci-7")
    mine = admin(sandbox).post("/_emulator/tokens", {"username": "testuser"}).data["claims"]
    assert (mine["sandbox"], mine["generation"]) == ("ci-7", sandbox.generation)
    answer = admin(sandbox).post("/s/ci-8/_emulator/tokens", {"username": "testuser"})
    assert answer.code == "sandbox_mismatch"


def test_the_defaults_administrator_orders_in_every_sandbox(client: Client) -> None:
    ordered = admin().post("/s/ci-7/_emulator/tokens", {"username": "testuser", "scope": "openid"}).data
    assert ordered["claims"]["iss"] == f"{identity.ISSUER}/s/ci-7"
    assert Desk(client, admin()).accepted(ordered["access_token"])[1:] == (True, 200)


class TestAnIDToken:
    def test_is_for_the_client_and_stores_nothing(self, desk: Desk) -> None:
        ordered = desk.order(
            kind="id_token", username="testuser", client_id=identity.WEB, claims={"nonce": "n", "tier": 1}
        )
        claims = identity.payload(ordered["id_token"])
        assert ordered["access_token"] is None
        assert claims == ordered["claims"]
        assert claims.pop("exp") - claims["iat"] == 300
        assert claims.pop("auth_time") == claims.pop("iat")
        assert claims == {
            "iss": identity.ISSUER,
            "sub": identity.SUBJECT,
            "aud": identity.WEB,
            "nonce": "n",
            "tier": 1,
        }

    def test_opens_nothing(self, desk: Desk) -> None:
        token = desk.order(kind="id_token", aud=identity.AUDIENCE)["id_token"]
        assert desk.accepted(token) == (None, False, 401)

    def test_says_when_it_begins_only_if_that_was_ordered(self, desk: Desk) -> None:
        assert "nbf" not in desk.order(kind="id_token")["claims"]
        assert "nbf" in desk.order(kind="id_token", not_before=5)["claims"]


_TEXT = st.text(max_size=12)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_FURTHER = st.dictionaries(_TEXT.filter(lambda name: name not in token_orders.FIXED), _JSON, max_size=4)
_ORDERS = st.fixed_dictionaries(
    {"expires_in": st.integers(1, 365 * 86400), "claims": _FURTHER},
    optional={
        "scope": st.lists(st.sampled_from([*SCOPES, "game:play", "x"]), min_size=1, max_size=4).map(" ".join),
        "aud": st.lists(_TEXT.filter(bool), max_size=2).map(lambda names: [*names, identity.AUDIENCE]),
        "client_id": st.sampled_from([identity.WEB, identity.BACKEND, identity.SERVICE]),
        "not_before": st.integers(-86400, 0),
    },
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=_ORDERS, defect=st.sampled_from([*NOT_AUTHENTIC, *UNTIMELY]), data=st.data())
def test_an_honest_order_is_good_until_its_end_and_a_defect_never(
    desk: Desk, stopped_clock: Clock, order: dict[str, Any], defect: str, data: st.DataObject
) -> None:
    began, lasts = stopped_clock.moment, order["expires_in"]
    order = {
        **order,
        "scope": f"openid players:read {order.get('scope', '')}".strip(),
        "username": "testuser",
    }
    honest, bad = desk.token(**order), desk.token(**order, defect=defect)
    moments = (data.draw(st.integers(0, lasts - 1)), lasts, data.draw(st.integers(-7200, 2 * lasts)))
    for seconds, good in zip(moments, (GOOD, (401, False, 401), None), strict=True):
        stopped_clock.moment = began + timedelta(seconds=seconds)
        assert {200, True}.isdisjoint(desk.accepted(bad))
        assert good is None or desk.accepted(honest) == good
    stopped_clock.moment = began
