"""The operators' pages: a page for each kind of alarm, the cost as it is computed, commands that exist."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from infrastructure.stack import alarms, loading
from tests.policies import cost

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "docs" / "operations"
RUNBOOK = OPERATIONS / "runbook"
PAGES = sorted(RUNBOOK.glob("*.md"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_cost_in_the_page_is_what_is_computed_and_its_prices_are_those_that_it_is_computed_of() -> None:
    page = (OPERATIONS / "cost.md").read_text()
    assert cost.table() in page
    assert cost.price_table() in page


def test_each_sum_of_the_table_is_that_of_its_column() -> None:
    rows = [line.strip("|* \n").split("|") for line in cost.table().splitlines()[2:]]
    numbers = [[float(cell.strip(" *").replace(",", "")) for cell in row[1:]] for row in rows]
    for column in zip(*numbers, strict=True):
        assert sum(column[:-1]) == pytest.approx(column[-1], abs=0.04)


@pytest.mark.parametrize("price", [field.name for field in fields(cost.Prices)])
def test_every_price_is_in_the_sum(price: str) -> None:
    doubled = replace(cost.Prices(), **{price: 2 * getattr(cost.Prices(), price)})
    assert sum(cost.monthly(1, prices=doubled).values()) > sum(cost.monthly(1).values())


def test_an_idle_stack_costs_what_stands_and_each_request_adds_the_same() -> None:
    one, ten, more = (sum(cost.monthly(rate).values()) for rate in (1, 10, 19))
    assert more - ten == pytest.approx(ten - one)
    assert cost.monthly(1)["API Gateway"] == pytest.approx(2.592 * 1.11)
    assert set(cost.monthly(0).items()) > {("API Gateway", 0), ("DynamoDB", 0), ("custom metrics", 0)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_leads_from_symptoms_to_a_remedy_by_targets_that_are_there(page: Path) -> None:
    text = page.read_text()
    if page.stem != "README":
        assert all(f"**{part}.**" in text for part in ("Symptoms", "Look", "Remedy"))
        assert f"({page.name})" in (RUNBOOK / "README.md").read_text()
    assert set(re.findall(r"\bmake (?:-s )?([a-z][a-z-]+)", text)) <= TARGETS
    for link in re.findall(r"\]\(([\w./-]+\.md)\)", text):
        assert (RUNBOOK / link).is_file()


def test_each_kind_of_alarm_has_its_page() -> None:
    kinds = {alarm.runbook for alarm in alarms.alarms(loading.load_settings("dev"))}
    assert kinds
    assert kinds <= {page.stem for page in PAGES}
