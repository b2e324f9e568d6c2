"""A deployed gateway, spoken to as the one in process is."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from tests.support.gateway import Answer, Gateway


def client_of(url: str) -> httpx.Client:
    """A client of a base URL that keeps no cookies, so that many browsers may use it at once."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(base_url=url, timeout=60, cookies=jar)


@dataclass
class RemoteGateway(Gateway):
    """Sends requests to a deployed gateway with the access ``token``, if there is one."""

    client: httpx.Client | None = None
    token: str = ""

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        raw: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; what the gateway and the authorizer answer by themselves comes back too."""
        assert self.client is not None
        sent = {**(headers or {}), **({"authorization": f"Bearer {self.token}"} if self.token else {})}
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        content: dict[str, Any] = {"json": body} if body is not None else {"content": raw}
        answer = self.client.request(method, target, headers=sent, **content)
        lower = {name.lower(): value for name, value in answer.headers.items()}
        set_cookies = tuple(answer.headers.get_list("set-cookie"))
        return Answer(answer.status_code, lower, answer.text, set_cookies)
