"""Sends the requests of ``sample_requests``: in process over moto, or to a deployed stack."""

import json
from collections.abc import Callable
from functools import cache
from http.cookiejar import CookiePolicy
from typing import Any
from urllib.parse import urlencode

import httpx

from infrastructure.stack import seeds
from infrastructure.tools import paths
from routes import INTROSPECT
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway
from tests.support.sample_requests import FORM_TYPE, JSON_TYPE, Answered, SampleRequest

_PASSWORDS = {
    "testuser": "password123",
    "admin": "admin123",
    "demo-backend": "demo-backend-secret",
    "demo-service": "demo-service-secret",
    "demo-admin": "demo-admin-secret",
}


def store_local_seed(*, user_scopes: tuple[str, ...] | None = None) -> None:
    """Make the seed of the stack ``local`` that of the functions, hashed at next to no cost.

    ``demo-backend`` may introspect too, for its own refresh tokens; ``user_scopes`` are all that users have left.
    """
    path = paths.ROOT / "infrastructure/seeds/local.yaml"
    seed = seeds.read_seed(path, audience=identity.AUDIENCE, defaults_allowed=True).model_dump(mode="json")
    users = [
        {**user, "password_hash": _hash(user["username"]), "scopes": user_scopes or user["scopes"]}
        for user in seed["users"]
    ]
    clients = [
        {**one, "secret_hash": one["secret_hash"] and _hash(one["client_id"])} for one in seed["clients"]
    ]
    for one in clients:
        one["scopes"] += [INTROSPECT] if one["client_id"] == "demo-backend" else []
    identity.store_seed(*users, registered=clients)


@cache
def _hash(name: str) -> str:
    return HASHER.hash(_PASSWORDS[name])


def content(request: SampleRequest) -> tuple[dict[str, str], bytes | None]:
    """The headers and the body of ``request``."""
    headers: dict[str, str] = {}
    body = request.raw
    if request.body is not None:
        headers["content-type"] = JSON_TYPE
        body = json.dumps(request.body).encode() if body is None else body
    if request.form is not None:
        headers["content-type"] = FORM_TYPE
        body = urlencode(request.form, errors="surrogatepass").encode() if body is None else body
    if request.token is not None:
        headers["authorization"] = f"Bearer {request.token}"
    return {**headers, **{name.lower(): value for name, value in request.headers.items()}}, body


def in_process(request: SampleRequest) -> Answered:
    """Send ``request`` through the test's gateway, the authorizer's context made of its token."""
    headers, body = content(request)
    claims = identity.payload(request.token) if request.token and request.route.scope else {}
    answer = Gateway(claims).send(
        request.route.method, request.target, raw=body, headers=headers, cookies=request.cookies
    )
    given = (cookie.partition(";")[0].partition("=") for cookie in answer.cookies)
    return Answered(answer.status, answer.headers, answer.text, {name: value for name, _, value in given})


class _NoCookies(CookiePolicy):
    """Keeps no cookie: each request says which it has."""

    netscape, rfc2965, hide_cookie2 = True, False, False

    def set_ok(self, _cookie: Any, _request: Any) -> bool:
        """Whether to keep a cookie: no."""
        return False

    def return_ok(self, _cookie: Any, _request: Any) -> bool:
        """Whether to send a cookie: no."""
        return False


def over_http(url: str) -> Callable[[SampleRequest], Answered]:
    """What sends requests to the API at ``url``."""
    client = httpx.Client(timeout=60)
    client.cookies.jar.set_policy(_NoCookies())

    def send(request: SampleRequest) -> Answered:
        headers, body = content(request)
        if request.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
        sent = {
            name.encode("latin-1"): value.strip().encode("utf-8", "replace")
            for name, value in headers.items()
        }
        answer = client.request(request.route.method, f"{url}{request.target}", content=body, headers=sent)
        given = (one.partition(";")[0].partition("=") for one in answer.headers.get_list("set-cookie"))
        set_cookies = {name: value for name, _, value in given}
        return Answered(answer.status_code, answer.headers, answer.text, set_cookies)

    return send
