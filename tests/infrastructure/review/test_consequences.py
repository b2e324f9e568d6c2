"""Why it matters that something is replaced or deleted."""

import pytest

from infrastructure.release.state import is_in_the_cloud
from infrastructure.review import consequences
from tests.infrastructure.conftest import Declared, WriteStack
from tests.support.recorded import record
from tests.support.stacks import KINDS


@pytest.mark.parametrize("stack", KINDS)
def test_of_every_type_in_the_program_it_is_known_what_its_loss_means(declared: Declared, stack: str) -> None:
    types = {item.type for item in declared(stack).resources if is_in_the_cloud(item.type)}
    assert types - consequences.CONSEQUENCES.keys() == set()


@pytest.mark.usefixtures("few_routes")
def test_of_what_only_a_setting_brings_it_is_known_too(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    write_stack("dev", architecture="amd64", functions={"root": {"provisioned_concurrency": 1}})
    types = {item.type for item in record("dev").resources if is_in_the_cloud(item.type)}
    assert "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig" in types
    assert types - consequences.CONSEQUENCES.keys() == set()


def test_a_type_that_nothing_is_known_of_is_taken_for_one_that_loses() -> None:
    unknown = consequences.consequence_of("replace", "aws:new/thing:Thing")
    assert unknown
    assert unknown.severity == "loses"


def test_what_is_deleted_on_purpose_is_told_only_where_something_is_lost() -> None:
    assert consequences.consequence_of("delete", "aws:apigatewayv2/route:Route") is None
    assert consequences.consequence_of("replace", "aws:apigatewayv2/route:Route")
    assert consequences.consequence_of("delete", "aws:dynamodb/table:Table")


def test_what_adds_or_updates_takes_nothing_away() -> None:
    assert consequences.consequence_of("create", "aws:dynamodb/table:Table") is None
    assert consequences.consequence_of("update", "aws:dynamodb/table:Table") is None
