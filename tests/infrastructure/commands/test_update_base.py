"""``make update-base``, against a registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.commands import readiness, update_base
from infrastructure.errors import DeployError
from infrastructure.release import selection
from infrastructure.stack.loading import load_settings, stack_path
from tests.infrastructure.conftest import WriteStack
from tests.support.registries import FakeRegistry, served

HOST = "registry.example"
IMAGE = f"{HOST}/python:3.13"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with a base image."""
    registry = FakeRegistry(f"https://{HOST}", "python")
    registry.push("3.13", b"layer")
    with served(registry):
        yield registry


@pytest.fixture
def stack(write_stack: WriteStack) -> Path:
    """The file of a stack that names the registry's image."""
    write_stack("dev", architecture="arm64", base_image=IMAGE)
    file = stack_path("dev")
    file.write_text(f"# Ours.\n{file.read_text()}# The end.\n")
    return file


def test_the_digest_is_noted_and_the_rest_of_the_file_stays(registry: FakeRegistry, stack: Path) -> None:
    before = load_settings("dev")
    lines = stack.read_text().splitlines()
    image, old, new = update_base.update_base(before, dry_run=False)
    assert (image, old) == (IMAGE, None)
    after = load_settings("dev")
    assert after == before.model_copy(update={"base_image_digest": new})
    assert [line for line in stack.read_text().splitlines() if new not in line] == lines
    assert selection.base_image(after) == f"{IMAGE}@{new}"


def test_another_one_takes_its_place(registry: FakeRegistry, stack: Path) -> None:
    *_, first = update_base.update_base(load_settings("dev"), dry_run=False)
    assert update_base.update_base(load_settings("dev"), dry_run=False) == (IMAGE, first, first)
    registry.push("3.13", b"a patched layer")
    _, old, second = update_base.update_base(load_settings("dev"), dry_run=False)
    assert old == first != second
    assert load_settings("dev").base_image_digest == second
    assert stack.read_text().count("base_image_digest") == 1


def test_a_dry_run_writes_nothing(registry: FakeRegistry, stack: Path) -> None:
    before = stack.read_text()
    *_, new = update_base.update_base(load_settings("dev"), dry_run=True)
    assert new.startswith("sha256:")
    assert stack.read_text() == before


def test_a_tag_that_is_not_there_is_told(registry: FakeRegistry, write_stack: WriteStack) -> None:
    write_stack("dev", architecture="arm64", base_image=f"{HOST}/python:4")
    with pytest.raises(DeployError, match=f"The registry {HOST} does not tell the digest of {HOST}/python:4"):
        update_base.update_base(load_settings("dev"), dry_run=False)


def test_a_local_stack_takes_what_is_there() -> None:
    with pytest.raises(DeployError, match="starts from what this machine has"):
        update_base.update_base(load_settings("local"), dry_run=False)


def test_an_image_for_aws_is_not_built_without_a_digest(stack: Path) -> None:
    with pytest.raises(DeployError, match="has no digest") as refused:
        readiness.prepare_build(load_settings("dev"))
    assert "make update-base STACK=dev" in refused.value.remedy
