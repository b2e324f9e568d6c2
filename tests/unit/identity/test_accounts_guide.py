"""What the guide to sandboxes shows of users and clients works as it stands."""

import json
import re
from pathlib import Path

import pytest

from services.sandboxes.opening import opened
from tests.unit.identity.test_user_accounts import admin, login

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "sandboxes.md"
_CURL = re.compile(
    r'curl -s (?:-X (?P<method>\w+) )?"\$BASE(?P<path>[^"]*)"(?P<rest>(?:[^\n]|\\\n|\n {2,})*)'
)


@pytest.mark.usefixtures("provider")
def test_every_command_of_the_section_succeeds() -> None:
    section = (
        GUIDE.read_text(encoding="utf-8").split("## Users and clients at run time\n")[1].split("\n## ")[0]
    )
    sent = []
    for command in _CURL.finditer(section):
        body = re.search(r"-d '(?P<json>[^']*)'", command["rest"])
        method = command["method"] or ("POST" if body else "GET")
        sandbox = opened("job-1")
        answer = admin(sandbox).send(
            method, f"/s/job-1{command['path']}", body=json.loads(body["json"]) if body else None
        )
        sent.append((method, answer.status))
    assert sent == [("PUT", 201), ("PUT", 201), ("GET", 200), ("DELETE", 204), ("POST", 201)]
    assert login("kratos", "kratos-password", "/s/job-1").status == 200
    assert login("kratos", "kratos-password").status == 400
