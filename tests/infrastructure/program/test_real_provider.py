"""HashiCorp's AWS provider takes the program's resources, of every kind of stack, where it is on the machine."""

import pytest

from tests.infrastructure.conftest import Declared
from tests.policies import provider, rendering, schema

pytestmark = pytest.mark.skipif(
    provider.mirror() is None,
    reason="needs Terraform and HashiCorp's AWS provider, which are not on this machine",
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> provider.Workspace:
    """Terraform with the provider, initialised once."""
    return provider.Workspace(tmp_path_factory.mktemp("terraform"))


@pytest.mark.usefixtures("few_routes")
def test_the_provider_refuses_nothing_of_any_stack(declared: Declared, workspace: provider.Workspace) -> None:
    stacks = {stack: declared(stack).resources for stack in ("local", "dev", "staging", "prod")}
    assert workspace.judge(rendering.render(stacks)) == []


def test_what_the_translation_goes_by_is_what_the_provider_says(workspace: provider.Workspace) -> None:
    assert schema.cut(workspace.schema(), set(schema.known())) == schema.known()


def test_the_provider_refuses_what_it_would_not_take(workspace: provider.Workspace) -> None:
    queue = {"name": "queue", "message_retention_seconds": 1, "no_such_argument": 1}
    found = workspace.judge({"resource": {"aws_sqs_queue": {"queue": queue}}})
    assert any("no_such_argument" in line for line in found)
