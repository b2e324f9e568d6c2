"""What holds for every type, against the local AWS."""

import pytest

from infrastructure.local.plugin.aws.package import TYPES
from tests.infrastructure.local.plugin.conftest import Run
from tests.infrastructure.local.plugin.driver import Engine
from tests.infrastructure.local.plugin.examples import EXAMPLES, Example

CALLED_ONCE = "aws:lambda/invocation:Invocation"


@pytest.fixture(params=EXAMPLES, ids=[example.kind.partition(":")[2] for example in EXAMPLES])
def example(request: pytest.FixtureRequest) -> Example:
    assert isinstance(request.param, Example)
    return request.param


def test_every_type_has_an_example() -> None:
    assert {example.kind for example in EXAMPLES} == TYPES.keys() - {CALLED_ONCE}


def test_what_was_made_is_what_was_asked_for(engine: Engine, example: Example, unique: str) -> None:
    inputs = example.make(engine, unique)
    made = engine.create(example.kind, inputs)
    assert made.id
    assert {name: made[name] for name in inputs} == inputs
    assert set(TYPES[example.kind].outputs) <= made.properties.keys()
    assert engine.compare(made, inputs).paths == {}


def test_a_refresh_finds_no_change_where_there_is_none(engine: Engine, example: Example, unique: str) -> None:
    inputs = example.make(engine, unique)
    made = engine.create(example.kind, inputs)
    found = engine.refresh(made)
    assert found
    assert (found.id, found.properties) == (made.id, made.properties)
    assert engine.compare(found, inputs).paths == {}
    assert found.inputs.keys() == inputs.keys()


def test_an_update_makes_it_what_the_program_says_now(engine: Engine, example: Example, unique: str) -> None:
    before = example.make(engine, unique)
    after = before | example.changed
    made = engine.create(example.kind, before)
    assert bool(engine.compare(made, after).paths) == bool(example.changed)
    assert not engine.compare(made, after).replaces
    updated = engine.update(made, after)
    found = engine.refresh(updated)
    assert found
    assert engine.compare(found, after).paths == {}
    assert found.properties == updated.properties
    assert {name: updated[name] for name in after} == after


def test_an_update_back_makes_it_what_it_was(engine: Engine, example: Example, unique: str) -> None:
    before = example.make(engine, unique)
    changed = engine.update(engine.create(example.kind, before), before | example.changed)
    found = engine.refresh(engine.update(changed, before))
    assert found
    assert engine.compare(found, before).paths == {}


def test_what_was_deleted_is_gone_and_can_be_deleted_again(
    new_run: Run, example: Example, unique: str
) -> None:
    run = new_run()
    made = run.create(example.kind, example.make(run, unique))
    for later in (new_run(), new_run()):
        later.delete(made)
        if example.named:
            assert later.refresh(made) is None


def test_what_a_cut_off_run_left_behind_is_adopted(new_run: Run, example: Example, unique: str) -> None:
    """The engine forgot it: it asks to create what is there, by now with other inputs."""
    first = new_run()
    inputs = example.make(first, unique)
    left = first.create(example.kind, inputs)
    second = new_run()
    adopted = second.create(example.kind, inputs | example.changed)
    assert (adopted.id == left.id) == example.named
    found = second.refresh(adopted)
    assert found
    assert second.compare(found, inputs | example.changed).paths == {}
