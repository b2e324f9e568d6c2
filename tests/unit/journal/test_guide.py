"""What the guide has pasted about the journal does what it says."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from models.journal import RecordedRequest
from services.sandboxes.opening import opened
from tests.support import tenants
from tests.support.gateway import Gateway, open_session
from tests.support.journal import Journal
from tests.support.tenants import Tenant


@pytest.fixture
def guide(project: Path) -> str:
    """The guide."""
    return (project / "docs" / "guides" / "journal.md").read_text(encoding="utf-8")


def examples(guide: str) -> list[Any]:
    """What it shows of answers."""
    return [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)]


def test_its_questions_are_answered_as_it_says(
    journal: Journal, guide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.provide(monkeypatch)
    Tenant("ci-7").login()
    Gateway().get("/s/ci-7/.well-known/jwks.json")
    admin = Gateway(open_session(opened("ci-7")))
    asked = re.findall(r'^journal "\$BASE(/\S+?)"$', guide, re.MULTILINE)
    told = [admin.get(f"/s/ci-7{target}") for target in asked if "$" not in target]
    assert [(answer.status, len(answer.json()["data"])) for answer in told] == [(200, 2), (200, 1)]
    questions = [json.loads(text) for text in re.findall(r"^verify '(.*)'$", guide, re.MULTILINE)]
    assert len(questions) == 3
    for question in questions:
        answer = admin.post("/s/ci-7/_emulator/requests/verify", question)
        assert answer.status == 200, (question, answer.text)


def test_its_answers_have_the_members_that_there_are(
    journal: Journal, guide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.provide(monkeypatch)
    Tenant().login()
    [row], [shown, failed] = journal.rows(), examples(guide)
    assert list(shown) == list(row) == [field.name for field in fields(RecordedRequest)]
    for side in ("request", "response"):
        assert shown[side].keys() == row[side].keys()
    assert shown["request"]["body"] == row["request"]["body"]
    wrong = journal.verify(match={"method": "POST", "status": 201}).json()
    assert (
        failed.items()
        >= {"code": "verification_failed", "expected": wrong["expected"], "actual": wrong["actual"]}.items()
    )
    assert failed.keys() <= wrong.keys()
    assert failed["near_misses"][0].keys() == wrong["near_misses"][0].keys()


def test_each_member_of_its_table_is_one(guide: str) -> None:
    table = guide.partition("| member |")[2].partition("\n\n")[0]
    named = {
        name
        for cell in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert named - {"body", "body_left"} <= {field.name for field in fields(RecordedRequest)}
