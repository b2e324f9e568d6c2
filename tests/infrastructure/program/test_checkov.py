"""Checkov finds nothing in any kind of stack but what is excepted with a reason, where it can be had."""

import json
import re

import pytest

from infrastructure.get_image_tag import ROOT
from infrastructure.tools.packages import find_uv
from tests.infrastructure.conftest import Declared
from tests.policies import checkov, rendering

_ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}],
}
BAD = {
    "aws_sns_topic": {"prod_bad-topic": {"name": "open"}},
    "aws_iam_role_policy": {"prod_bad-policy": {"role": "role", "policy": json.dumps(_ANYTHING)}},
    "aws_apigatewayv2_route": {"prod_bad-route": {"api_id": "api", "route_key": "GET /players"}},
}
"""What has no reason: a topic in plain text, a role that may do anything, an open route of players."""


@pytest.fixture(scope="module", autouse=True)
def uv() -> None:
    """Uv, found before a test has a cache of its own."""
    find_uv()


@pytest.mark.usefixtures("few_routes")
def test_checkov_finds_what_has_no_reason_and_nothing_else(declared: Declared) -> None:
    rendered = rendering.render({stack: declared(stack).resources for stack in checkov.STACKS})
    for type_, resources in BAD.items():
        rendered["resource"].setdefault(type_, {}).update(resources)
    try:
        found, asked = checkov.unexcepted(rendered)
    except checkov.UnavailableError as error:
        pytest.skip(f"checkov cannot be had: {error}")
    assert {violation.name for violation in found} == {
        name for resources in BAD.values() for name in resources
    }, found
    assert asked > len(checkov.STACKS) * 50


def test_every_package_of_checkovs_is_pinned_by_its_hashes() -> None:
    text = checkov.PACKAGES.read_text()
    packages = re.findall(r"^([\w.-]+)(?:\[.*\])?==.*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert "checkov" in packages
    assert len(packages) == len(re.findall(r"^[\w.-]+.*==", text, re.MULTILINE))
    assert "tests.policies.checkov" in (ROOT / "Makefile").read_text()
