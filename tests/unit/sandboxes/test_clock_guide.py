"""What the guide has pasted about the clock does what it says."""

import json
import re
from pathlib import Path

import pytest

from tests.support import identity
from tests.support.gateway import Gateway
from tests.support.tenants import Tenant, context_of, provide


@pytest.fixture
def section(project: Path) -> str:
    """The guide's section about the clock."""
    guide = (project / "docs" / "guides" / "sandboxes.md").read_text(encoding="utf-8")
    return guide.partition("## The clock\n")[2].partition("\n## ")[0]


def test_each_change_of_the_guide_is_made(
    the_table: str, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    provide(monkeypatch)
    admin = Gateway(context_of(Tenant().login(scope="emulator:admin")["access_token"]))
    changes = [json.loads(text) for text in re.findall(r"^clock -d '(.*)'$", section, re.MULTILINE)]
    told = [admin.put("/s/ci-7/_emulator/clock", change) for change in changes]
    assert [answer.status for answer in told] == [200] * len(changes) == [200] * 6
    hour_later, stopped, half_a_minute_later, on, day_before, real = (answer.data for answer in told)
    assert hour_later["offset"] == "PT1H"
    assert (stopped["now"], stopped["frozen"]) == ("2100-01-01T00:00:00.000Z", True)
    assert half_a_minute_later["now"] == "2100-01-01T00:00:30.000Z"
    assert (on["frozen"], on["now"][:16]) == (False, "2100-01-01T00:00")
    assert day_before["now"][:10] == "2099-12-31"
    assert real["offset"] == "PT0S"
    assert admin.put("/s/ci-7/_emulator/clock", {"advance": "-P1D"}).code == "clock_backwards"


def test_the_guides_administrator_is_one(section: str, project: Path) -> None:
    [login] = re.findall(r"^ +-d '(\{.*\})' \\$", section, re.MULTILINE)
    seed = (project / "infrastructure" / "seeds" / "local.yaml").read_text(encoding="utf-8")
    assert json.loads(login)["username"] in seed
    assert "emulator:admin" in json.loads(login)["scope"]
    assert "emulator:admin" in identity.SCOPES
