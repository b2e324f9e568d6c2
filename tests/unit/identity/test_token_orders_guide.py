"""What the guide says of tokens to order."""

import json
import re
from pathlib import Path

import pytest

from services.identity import token_orders
from tests.unit.identity.conftest import Client
from tests.unit.identity.test_token_orders import NOT_AUTHENTIC, UNTIMELY, Desk, admin

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "sandboxes.md"
SECTION = GUIDE.read_text(encoding="utf-8").partition("## Tokens to order\n")[2].partition("\n## ")[0]


@pytest.fixture
def desk(client: Client) -> Desk:
    """A desk in the default sandbox."""
    return Desk(client, admin())


def test_the_orders_of_its_snippets_are_taken(desk: Desk) -> None:
    orders = re.findall(r"curl -s .\$API/_emulator/tokens.*?-d '([^']+)'", SECTION, re.DOTALL)
    bodies = [json.loads(text) for text in orders]
    assert len(bodies) == 2
    for body in bodies:
        ordered = desk.order(**body)
        assert ordered["claims"].items() >= body.get("claims", {}).items()


def test_its_table_has_each_defect_and_where_the_api_refuses_it(desk: Desk) -> None:
    rows = dict(re.findall(r"^\| `([a-z_:<>]+)` \|.*\| (\d{3})[^|]*\|$", SECTION, re.MULTILINE))
    assert rows.keys() == {defect.partition(":")[0] for defect in (*NOT_AUTHENTIC, *UNTIMELY)} - {
        "missing_claim"
    } | {"missing_claim:<name>"}
    for defect, status in rows.items():
        token = desk.token(defect=defect.replace("<name>", "jti"))
        assert (desk.opens(token) or 403) == int(status)


def test_it_names_the_claims_that_cannot_be_ordered() -> None:
    row = re.search(r"^\| `claims` .*$", SECTION, re.MULTILINE)
    assert row
    assert {*re.findall(r"`(\w+)`", row[0])} - {"claims"} == token_orders.FIXED
