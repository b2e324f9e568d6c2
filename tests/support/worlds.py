"""A sandbox and a model of it: whatever is done there is compared with what the model says, and with nothing else.

All worlds use the same names, keys and passwords, so that what one would see of another is seen at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.tenants import BACKEND, Tenant, in_process
from tests.support.user_agent import CALLBACK, FORM, VERIFIER, Form, authorize
from utils.strict_json import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPE = "openid players:read players:write emulator:admin"
_IDEMPOTENCY_SECONDS = 86_400
_NAMES = [f"player-{number}" for number in range(6)]
_KEYS = [f"key-{number}" for number in range(3)]
_EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Login:
    """Tokens of one login, and when they end by the world's clock."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    family_ends_at: datetime
    is_revoked: bool = False


@dataclass
class Player:
    """A player as the model has it."""

    shown: dict[str, Any]
    matches: int = 0
    score: int = 0


@dataclass
class World:
    """One sandbox, its clock frozen from the start, so that the model knows every moment of it.

    ``gateway`` leads to the API for the bearer of a token; ``refresh_seconds`` is how long a login may be refreshed.
    """

    name: str
    seed: int
    gateway: Callable[[str], Gateway] = in_process
    refresh_seconds: int = 86_400
    tenant: Tenant = field(init=False)
    random: Random = field(init=False)
    now: datetime = field(init=False)
    access_seconds: int = field(init=False)
    logins: list[Login] = field(default_factory=list)
    players: dict[str, Player] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    replays: dict[str, tuple[datetime, str, Any]] = field(default_factory=dict)
    cursor: str | None = None
    codes: list[str] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    cookie_ends_at: datetime = _EPOCH
    issued: set[str] = field(default_factory=set)
    done: int = 0
    requests: int = 0

    def __post_init__(self) -> None:
        headers = {"x-sandbox": "default"} if self.name == "default" else {}
        self.tenant = Tenant(self.name, headers=headers, gateway=self._counted)
        self.random = Random(f"{self.seed} {self.name}")
        self.now = _EPOCH + timedelta(days=self.random.randrange(10_000))
        self.tenant.login(scope=SCOPE)
        self.tenant.set_clock(now=rfc3339(self.now), freeze=True)
        self.login()

    def step(self, others: list["World"]) -> None:
        """Do one thing at random here, or try what belongs to another world."""
        ways: Mapping[Callable[[], None], int] = {
            self.login: 2,
            self.refresh: 4,
            self.revoke: 2,
            self.create: 8,
            self.create_once: 6,
            self.read: 6,
            self.list_all: 3,
            self.update: 5,
            self.delete: 3,
            self.record: 5,
            self.move: 3,
            self.get_code: 2,
            self.redeem: 2,
            lambda: self.trespass(self.random.choice(others)): 6,
        }
        [way] = self.random.choices(list(ways), list(ways.values()))
        way()
        self.done += 1

    # -- tokens

    def login(self) -> None:
        """Log in."""
        self._keep(self.tenant.login(scope=SCOPE))

    def refresh(self) -> None:
        """Refresh some login, alive or not."""
        login = self.random.choice(self.logins)
        answer = self.tenant.refresh(login.refresh_token)
        if login.is_revoked or login.family_ends_at <= self.now:
            assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
            return
        assert answer.status == 200, answer.text
        self.logins.remove(login)
        self._keep(answer.json(), ends_at=login.family_ends_at)

    def revoke(self) -> None:
        """Revoke some login."""
        login = self.random.choice(self.logins[:-1] or self.logins)
        fields = {"token": login.access_token, "client_id": "psn-emulator"}
        headers = {**self.tenant.headers, **FORM}
        answer = self.tenant.gateway("").post(
            f"{self.tenant.base}/auth/revoke", raw=urlencode(fields), headers=headers
        )
        assert answer.status in {200, 400}, answer.text
        if answer.status == 200:
            login.is_revoked = True
            assert self.tenant.introspected(login.access_token) == {"active": False}

    def move(self) -> None:
        """Let time pass."""
        self._alive()
        seconds = self.random.choice((1, 30, 200, self.access_seconds + 100, self.refresh_seconds + 3_600))
        told = self.tenant.set_clock(advance=f"PT{seconds}S")
        self.now += timedelta(seconds=seconds)
        assert told["now"] == rfc3339(self.now)
        assert all(entry["due_at"] <= told["now"] for entry in told["due"])
        assert {entry["id"] for entry in told["due"] if entry["client_id"] == "psn-emulator"} <= self.issued

    def get_code(self) -> None:
        """Have the browser get a code, by its session if it has one."""
        target = f"{self.tenant.base}{authorize(scope='openid players:read', sandbox=self.name)}"
        answer = self.tenant.gateway("").get(target, cookies=self.cookies)
        if answer.status == 200:
            assert self.now >= self.cookie_ends_at
            self._note(answer)
            form = Form(answer.text)
            typed = {"username": identity.USERNAME, "password": identity.PASSWORD, "decision": "sign-in"}
            answer = self.tenant.gateway("").post(
                target, raw=urlencode(form.fields | typed), headers=FORM, cookies=self.cookies
            )
            self._note(answer)
            self.cookie_ends_at = self.now + timedelta(hours=8)
            answer = self.tenant.gateway("").get(target, cookies=self.cookies)
        assert answer.status == 303, answer.text
        self.codes.append(dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"])

    def redeem(self) -> None:
        """Redeem the last code; a minute after it was issued it is no good."""
        if not self.codes:
            return
        answer = self._redeem(self, self.codes.pop())
        assert answer.status in {200, 400}, answer.text
        if answer.status == 200:
            claims = identity.payload(answer.json()["access_token"])
            assert claims["sandbox"] == self.name
            assert claims["iat"] == int(self.now.timestamp())

    # -- players

    def create(self) -> None:
        """Create a player of some name, which another may have."""
        name = self.random.choice(_NAMES)
        answer = self._alive().ask("POST", "/players", _body(name))
        if self._holder(name):
            assert (answer.status, answer.code) == (409, "username_taken")
        else:
            self._created(answer)

    def create_once(self) -> None:
        """Create a player under a key that may have been used."""
        key, name = self.random.choice(_KEYS), self.random.choice(_NAMES)
        answer = self._alive().ask("POST", "/players", _body(name), headers={"idempotency-key": key})
        used = self.replays.get(key)
        if used and used[0] > self.now:
            if used[1] != name:
                assert (answer.status, answer.code) == (422, "idempotency_key_reused")
            else:
                assert (answer.status, answer.data) == (201, used[2])
                assert answer.headers["idempotent-replayed"] == "true"
        elif self._holder(name):
            assert (answer.status, answer.code) == (409, "username_taken")
        else:
            shown = self._created(answer)
            self.replays[key] = (self.now + timedelta(seconds=_IDEMPOTENCY_SECONDS), name, shown)

    def read(self) -> None:
        """Read a player and its statistics, there or gone."""
        for player_id in self._some():
            answer = self._alive().ask("GET", f"/players/{player_id}")
            stats = self._alive().ask("GET", f"/players/{player_id}/stats")
            if player_id in self.gone:
                assert (answer.code, stats.code) == ("player_not_found", "player_not_found")
                continue
            player = self.players[player_id]
            assert answer.data == player.shown
            assert (stats.data["matches_played"], stats.data["score_total"]) == (player.matches, player.score)

    def list_all(self) -> None:
        """List all, a few at a time."""
        found: list[dict[str, Any]] = []
        target = "/players?limit=2"
        while True:
            page = self._alive().ask("GET", target).json()
            found += page["data"]
            cursor = page["meta"]["next_cursor"]
            if cursor is None:
                break
            self.cursor = cursor
            target = f"/players?limit=2&cursor={cursor}"
        assert found == [self.players[player_id].shown for player_id in sorted(self.players)]

    def update(self) -> None:
        """Replace a player."""
        for player_id in self._some():
            country = self.random.choice(("GR", "US"))
            name = self.players[player_id].shown["username"] if player_id in self.players else "nobody-1"
            answer = self._alive().ask("PUT", f"/players/{player_id}", _body(name, country=country))
            if player_id in self.gone:
                assert answer.code == "player_not_found"
                continue
            player = self.players[player_id]
            player.shown |= {"country": country, "updated_at": rfc3339(self.now)}
            assert answer.data == player.shown

    def delete(self) -> None:
        """Delete a player."""
        for player_id in self._some():
            answer = self._alive().ask("DELETE", f"/players/{player_id}")
            assert answer.status == (404 if player_id in self.gone else 204)
            self.players.pop(player_id, None)
            self.gone.add(player_id)

    def record(self) -> None:
        """Add a result."""
        for player_id in self._some():
            score = self.random.randrange(1000)
            answer = self._alive().ask(
                "POST", f"/players/{player_id}/stats", {"outcome": "win", "score": score}
            )
            if player_id in self.gone:
                assert answer.code == "player_not_found"
                continue
            player = self.players[player_id]
            player.matches, player.score = player.matches + 1, player.score + score
            assert (answer.data["matches_played"], answer.data["score_total"]) == (
                player.matches,
                player.score,
            )
            assert answer.data["last_played_at"] == rfc3339(self.now)

    # -- what belongs to others

    def trespass(self, other: "World") -> None:
        """Try here all that ``other`` has, none of which may open or show anything."""
        login = other.logins[-1]
        mine = self._alive()
        for player_id in list(other.players)[:2]:
            assert mine.ask("GET", f"/players/{player_id}").code == "player_not_found"
            assert mine.ask("DELETE", f"/players/{player_id}").code == "player_not_found"
            assert (
                mine.ask("POST", f"/players/{player_id}/stats", {"outcome": "win"}).code == "player_not_found"
            )
        if other.cursor:
            assert mine.ask("GET", f"/players?limit=2&cursor={other.cursor}").code == "invalid_cursor"
        for method, path in (("GET", "/players"), ("POST", "/players"), ("GET", "/_emulator/clock")):
            answer = mine.ask(
                method, path, _body("intruder") if method == "POST" else None, token=login.access_token
            )
            # The default sandbox's administrator operates all of them.
            may = other.name == "default" and path.startswith("/_emulator")
            assert (answer.status in {200, 401}) if may else (answer.code == "sandbox_mismatch"), answer.text
        assert mine.introspected(login.access_token) == {"active": False}
        assert mine.introspected(login.refresh_token) == {"active": False}
        assert mine.userinfo(login.access_token).json()["error"] == "invalid_request"
        assert mine.refresh(login.refresh_token).json()["error"] == "invalid_request"
        for token in (login.access_token, login.refresh_token):
            assert mine.form("/auth/revoke", {"token": token}, BACKEND).json()["error"] == "invalid_request"
        if other.codes:
            assert self._redeem(self, other.codes[-1]).json()["error"] == "invalid_request"
        if other.cookies:
            renamed = {name.replace(other.name, self.name): value for name, value in other.cookies.items()}
            own = {f"{name}-{self.name}": value for name, value in other.cookies.items()}
            target = f"{mine.base}{authorize(scope='openid', sandbox=self.name, prompt='none')}"
            answer = self.tenant.gateway("").get(target, cookies={**other.cookies, **renamed, **own})
            assert "error=login_required" in answer.headers["location"]

    def _redeem(self, at: "World", code: str) -> Answer:
        fields = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        headers = {**at.tenant.headers, **FORM}
        return self.tenant.gateway("").post(
            f"{at.tenant.base}/auth/token", raw=urlencode(fields), headers=headers
        )

    def _keep(self, tokens: dict[str, Any], ends_at: datetime | None = None) -> None:
        claims = identity.payload(tokens["access_token"])
        assert claims["sandbox"] == self.name
        assert claims["iat"] == int(self.now.timestamp())
        self.access_seconds = tokens["expires_in"]
        self.issued.add(claims["jti"])
        self.logins = [
            *self.logins[-5:],
            Login(
                tokens["access_token"],
                tokens["refresh_token"],
                self.now + timedelta(seconds=self.access_seconds),
                ends_at or self.now + timedelta(seconds=self.refresh_seconds),
            ),
        ]

    def _counted(self, token: str) -> Gateway:
        self.requests += 1
        return self.gateway(token)

    def _alive(self) -> Tenant:
        """A caller with a token that is alive; those that are not are refused first."""
        login = self.logins[-1]
        if login.is_revoked or login.expires_at <= self.now:
            if login.expires_at <= self.now:
                assert self.tenant.ask("GET", "/players", token=login.access_token).status == 401
            self.login()
        self.tenant.tokens = {"access_token": self.logins[-1].access_token}
        return self.tenant

    def _note(self, answer: Answer) -> None:
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]

    def _holder(self, name: str) -> bool:
        return any(player.shown["username"] == name for player in self.players.values())

    def _created(self, answer: Answer) -> dict[str, Any]:
        assert answer.status == 201, answer.text
        shown: dict[str, Any] = answer.data
        assert shown["created_at"] == shown["updated_at"] == rfc3339(self.now)
        self.players[shown["player_id"]] = Player(dict(shown))
        return shown

    def _some(self) -> list[str]:
        known = [*self.players, *sorted(self.gone)[:1]]
        return [self.random.choice(known)] if known else []


def _body(name: str, **fields: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@mail.example", **fields}
