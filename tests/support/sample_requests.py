"""Requests to every route, made of the API's description, with tokens, codes and sessions that are good.

They are sent through ``Send``, in process or to a deployed stack, whose seed has the users and clients of ``local``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import uuid4

from routes import ROUTES, Route
from tests.support.described import document

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
_CALLBACK = "http://localhost:8080/callback"
_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass(frozen=True)
class SampleRequest:
    """A request to ``route``; ``body`` is a value for JSON, ``form`` fields, ``raw`` bytes instead of either."""

    route: Route
    variables: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: tuple[tuple[str, str], ...] | None = None
    raw: bytes | None = None
    token: str | None = None

    @property
    def parameter_names(self) -> list[str]:
        """The parameters of the query that the description has."""
        operation = document()["paths"][self.route.path][self.route.method.lower()]
        return [one["name"] for one in operation.get("parameters") or [] if one["in"] == "query"]

    @property
    def target(self) -> str:
        """Path and query, as they go over the wire."""
        path = self.route.path
        for name in self.route.parameters:
            path = path.replace(f"{{{name}}}", quote(self.variables.get(name, ""), safe="") or "-")
        return f"{path}?{urlencode(self.query, errors='surrogatepass')}" if self.query else path


@dataclass(frozen=True)
class Answered:
    """What came back; header names in lower case, ``cookies`` by name."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: Mapping[str, str]


type Send = Callable[[SampleRequest], Answered]


class _Fields(HTMLParser):
    """The fields of the form in a page, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an input."""
        found = {name: value or "" for name, value in attrs}
        if tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")


@dataclass(frozen=True)
class Values:
    """What is good now, by the name under which a request has it; and a browser's cookies."""

    named: Mapping[str, str]
    cookies: Mapping[str, str]
    token: str


def row(name: str) -> Route:
    """The row of this name."""
    return next(route for route in ROUTES if route.name == name)


def good_values(send: Send, username: str = "testuser", password: str = "password123") -> Values:  # noqa: S107
    """Log in for tokens and with a browser, make two players and get a code, each anew."""
    login = {"client_id": "demo-backend", "client_secret": "demo-backend-secret"}
    password_grant = {"grant_type": "password", "username": username, "password": password, **login}
    tokens = _json(send(SampleRequest(row("auth-token"), form=tuple(password_grant.items()))))
    for once in (uuid4().hex[:8], uuid4().hex[:8]):
        player = {"username": f"P-{once}", "email": f"{once}@mail.example"}
        creation = SampleRequest(row("players-create"), body=player, token=tokens["access_token"])
        player_id = _json(send(creation))["data"]["player_id"]
    simple = SampleRequest(row("auth-token"), body={"username": username, "password": password})
    simple_tokens = _json(send(simple))
    query = _authorization(scope="openid players:read", state="s", nonce="n")
    page = send(SampleRequest(row("auth-authorize"), query=query))
    cookies = dict(page.cookies)
    step = {"username": username, "password": password, "decision": "sign-in"}
    page = _submitted(send, query, cookies, page, step)
    page = send(SampleRequest(row("auth-authorize"), query=query, cookies=cookies))
    page = _submitted(send, query, cookies, page, {"decision": "allow"})
    back = send(SampleRequest(row("auth-authorize"), query=query, cookies=cookies))
    code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
    page = send(SampleRequest(row("auth-logout"), cookies=cookies))
    return Values(
        {
            **{name: tokens[name] for name in ("access_token", "refresh_token", "id_token")},
            "csrf": _Fields(page.text).fields["csrf"],
            "simple_refresh_token": simple_tokens["refresh_token"],
            "token": tokens["access_token"],
            "scope": "openid players:read",
            "id_token_hint": tokens["id_token"],
            "code": code,
            "player_id": player_id,
            "file": "docs.css",
        },
        cookies,
        tokens["access_token"],
    )


def _submitted(
    send: Send,
    query: tuple[tuple[str, str], ...],
    cookies: dict[str, str],
    page: Answered,
    typed: Mapping[str, str],
) -> Answered:
    fields = {**_Fields(page.text).fields, **typed}
    answer = send(
        SampleRequest(row("auth-authorize-form"), query=query, cookies=cookies, form=tuple(fields.items()))
    )
    cookies |= answer.cookies
    return answer


def _authorization(**further: str) -> tuple[tuple[str, str], ...]:
    asked = {
        "response_type": "code",
        "client_id": "demo-web",
        "redirect_uri": _CALLBACK,
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
    return tuple({**asked, **further}.items())


def _json(answer: Answered) -> Any:
    assert answer.status < 300, answer.text
    return json.loads(answer.text)


def samples(route: Route, values: Values) -> Iterator[SampleRequest]:
    """The good requests that the description has of ``route``: one for each example of a body, and what pages send.

    Each is sent with a client's, a user's or a browser's credentials, as the route wants them.
    """
    operation = document()["paths"][route.path][route.method.lower()]
    parameters = operation.get("parameters") or []
    base = SampleRequest(
        route,
        variables={one["name"]: _value(one, values) for one in parameters if one["in"] == "path"},
        query=tuple(
            (one["name"], _value(one, values))
            for one in parameters
            if one["in"] == "query" and _is_sent(one, route)
        ),
        cookies=values.cookies if route.errors_as == "page" else {},
        token=values.token if (route.scope or route.bearer) and not route.form else None,
    )
    if route.idempotent:
        base = replace(base, headers={"Idempotency-Key": uuid4().hex})
    content = (operation.get("requestBody") or {}).get("content") or {}
    for media_type, media in content.items():
        for example in media["examples"].values():
            yield from _with_body(base, media_type, example["value"], values)
    if not content:
        yield base
    if route.errors_as == "page" and content:
        hint = ("id_token_hint", values.named["id_token_hint"])
        query = (*_authorization(), hint) if "authorize" in route.path else (hint,)
        login = {"username": "testuser", "password": "password123"}
        for decision in ("sign-in", "allow", "deny", "sign-out"):
            fields = {"csrf": values.named["csrf"], "decision": decision, **login}
            yield replace(base, query=query, form=tuple(fields.items()))


def _with_body(base: SampleRequest, media_type: str, example: Any, values: Values) -> Iterator[SampleRequest]:
    if media_type == JSON_TYPE:
        once = uuid4().hex[:8]
        fresh = {
            "refresh_token": values.named["simple_refresh_token"],
            "username": f"Q-{once}",
            "email": f"{once}@x.example",
        }
        is_of_seed = "password" in example or base.route.name == "emulator-tokens"
        own = {"username"} if is_of_seed else set()
        yield replace(
            base,
            body={
                name: fresh[name] if name in fresh.keys() - own else value for name, value in example.items()
            },
        )
        return
    form = {name: values.named.get(name, value) for name, value in example.items()}
    if base.route.name == "auth-token" and form.get("grant_type") == "refresh_token":
        form |= {"client_id": "demo-backend", "client_secret": "demo-backend-secret"}
    if base.route.client and "client_id" not in form:
        secret = {"client_id": "demo-service", "client_secret": "demo-service-secret"}
        backend = {"client_id": "demo-backend", "client_secret": "demo-backend-secret"}
        for client in (secret, backend):
            yield replace(base, form=tuple({**form, **client}.items()))
        yield replace(base, form=tuple({**form, **backend, "token": values.named["refresh_token"]}.items()))
        return
    yield replace(base, form=tuple(form.items()))


def _is_sent(parameter: Mapping[str, Any], route: Route) -> bool:
    """Whether a good request has this parameter of the query: of a listing, none of its filters is needed."""
    wanted = (
        {"limit"} if route.page_of else {"id_token_hint", "scope", "code_challenge", "code_challenge_method"}
    )
    return bool(parameter["required"]) or parameter["name"] in wanted


def _value(parameter: Mapping[str, Any], values: Values) -> str:
    name = parameter["name"]
    if name == "limit":
        return "1"
    return str(values.named.get(name) or parameter.get("example") or "x")
