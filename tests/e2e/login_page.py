"""The default user at the login page of a deployed API, in a browser that runs no script."""

from typing import Literal
from urllib.parse import urljoin, urlsplit

import httpx

from tests.support.user_agent import Form

REDIRECT_URI = "http://localhost:8080/callback"
"""One of the demo clients' own."""

_TYPED = {"username": "testuser", "password": "password123"}


def log_in(authorization_url: str, *, consent: Literal["allow", "deny"] = "allow") -> str:
    """Logs in, consents or does not; the URL of the client's that the browser is sent back to."""
    issuer = urlsplit(authorization_url).netloc
    with httpx.Client(timeout=60) as browser:
        answer = browser.get(authorization_url)
        while True:
            if not answer.is_redirect:
                form = Form(answer.text)
                decision = (
                    {"decision": "sign-in", **_TYPED} if "password" in form.fields else {"decision": consent}
                )
                target = urljoin(str(answer.url), form.action)
                answer = browser.post(target, data=form.fields | decision)
                assert answer.is_redirect, answer.text
            location = answer.headers["location"]
            if urlsplit(location).netloc != issuer:
                return str(location)
            answer = browser.get(location)
