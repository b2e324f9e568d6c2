"""What becomes of the fields of forms that are not what they should be."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from handlers import browser
from models import pages as pages_models
from services.identity import authorization_request, logout_request
from tests.support.user_agent import UserAgent, authorize

pytestmark = pytest.mark.usefixtures("provider")


class TestAFormWithoutItsToken:
    """Nothing that a user typed goes into a URL, where histories, logs and other sites would find it."""

    @pytest.mark.parametrize("path", ["/auth/authorize", "/auth/logout"])
    @pytest.mark.parametrize("left_out", ["csrf", "decision", "username", "password"])
    @pytest.mark.parametrize("value", [..., ""])
    def test_is_refused_and_sent_nowhere(self, path: str, left_out: str, value: Any) -> None:
        typed = {"csrf": "x", "decision": "sign-in", "username": "testuser", "password": "hunter2-secret"}
        sent = {name: text for name, text in {**typed, left_out: value}.items() if text is not ...}
        query = authorize().partition("?")[2] if path == "/auth/authorize" else ""
        answer = UserAgent().post(f"{path}?{query}", sent)
        assert answer.status == 403
        assert "hunter2-secret" not in f"{answer.text} {dict(answer.headers)}"

    @pytest.mark.parametrize("path", ["/auth/authorize", "/auth/logout"])
    def test_of_another_site_is_sent_on_with_what_a_request_may_have_only(self, path: str) -> None:
        form = {"client_id": "app", "state": "s", "pass_word": "hunter2", "access_token": "x"}
        location = UserAgent().post(path, form).headers["location"]
        assert parse_qsl(urlsplit(location).query) == [("client_id", "app"), ("state", "s")]

    def test_is_known_by_the_fields_of_every_page(self, project: Path) -> None:
        templates = (project / "handlers/templates").glob("*.html")
        names = {name for page in templates for name in re.findall(r'name="(\w+)"', page.read_text())}
        assert names - {"viewport"} <= browser.OWN_FIELDS | {"robots", "referrer"}

    def test_may_hold_whatever_the_description_has(self) -> None:
        assert pages_models.AuthorizationQuery.model_fields.keys() <= authorization_request.PARAMETERS
        assert pages_models.LogoutQuery.model_fields.keys() <= logout_request.PARAMETERS
