"""Which release a deploy makes: the one in service, one that is pushed already, or a new one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pulumi
import pytest

from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.release import selection
from infrastructure.release.origin import Origin
from infrastructure.release.release import Deployed, Entry, Release
from infrastructure.release.selection import promoted_release, select_release
from infrastructure.release.state import IMAGE, STACK, StackState
from infrastructure.release.table_form import FIRST, FORM
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.loading import load_settings
from infrastructure.stack.permissions import Permissions
from tests.infrastructure.conftest import WriteStack
from tests.support.recorded import Recorded, record, state_of

ORIGIN = Origin("1.2.3", "c0ffee", dirty=False)
OLD = "20260101-000000-aaaaaaaa"
NEWER = "20260102-000000-bbbbbbbb"
IN_SERVICE = Deployed(tag=OLD, origin=ORIGIN, pushed=OLD)
FAILED_AFTER_PUSH = Deployed(tag=OLD, origin=ORIGIN, pushed=NEWER)
NEVER_DEPLOYED = Deployed()
READS = Permissions(frozenset({"GetItem"}))
EVERY_FUNCTION = [spec.name for spec in function_specs(load_settings("dev"))]

SetContent = Callable[[str], None]


@pytest.fixture(autouse=True)
def content(every_stack: tuple[str, ...], few_routes: None, monkeypatch: pytest.MonkeyPatch) -> SetContent:
    """Sets the hash of the tree's content, ``a`` at first."""

    def set_content(digit: str) -> None:
        monkeypatch.setattr(get_image_tag, "content_hash", lambda *_: digit * 32)

    set_content("a")
    return set_content


def a_release(tag: str, *, to_build: bool = False, before: Deployed = NEVER_DEPLOYED) -> Release:
    """A release of the dev stack, made of the tree."""
    tree = chosen(before, force=True)
    return replace(tree, tag=tag, origin=ORIGIN, base_image="base:1", to_build=to_build)


def chosen(deployed: Deployed, *, keep_image: bool = False, force: bool = False) -> Release:
    """The release that a deploy of the dev stack makes."""
    return select_release(load_settings("dev"), deployed, keep_image=keep_image, force=force)


def test_the_first_deploy_makes_a_release() -> None:
    made = chosen(NEVER_DEPLOYED)
    assert made.to_build
    assert made.tag.endswith("-aaaaaaaa")
    assert made.origin.version


def test_the_same_content_is_the_same_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "origin", lambda: pytest.fail("asked git although nothing is new"))
    kept = chosen(IN_SERVICE)
    assert not kept.to_build
    assert (kept.tag, kept.origin) == (OLD, ORIGIN)


def test_other_content_is_a_new_and_later_release(content: SetContent) -> None:
    content("c")
    made = chosen(IN_SERVICE)
    assert made.to_build
    assert made.tag > OLD
    assert made.tag.endswith("-cccccccc")
    assert made.origin != ORIGIN


def test_force_is_a_new_release_of_the_same_content() -> None:
    made = chosen(IN_SERVICE, force=True)
    assert made.to_build
    assert made.tag > OLD
    assert made.tag.endswith("-aaaaaaaa")


def test_the_image_in_service_is_kept_whatever_the_tree_holds(content: SetContent) -> None:
    content("c")
    kept = chosen(FAILED_AFTER_PUSH, keep_image=True)
    assert not kept.to_build
    assert (kept.tag, kept.origin) == (OLD, ORIGIN)


@pytest.mark.parametrize(
    "deployed", [NEVER_DEPLOYED, Deployed(pushed=NEWER), Deployed(tag=OLD, origin=ORIGIN)]
)
def test_there_is_nothing_to_keep_where_no_release_or_no_image_is(deployed: Deployed) -> None:
    with pytest.raises(DeployError, match="no image to keep") as refused:
        chosen(deployed, keep_image=True)
    assert "make deploy" in refused.value.remedy


def test_an_image_that_a_failed_update_pushed_is_used_and_not_built_again(content: SetContent) -> None:
    content("b")
    resumed = chosen(FAILED_AFTER_PUSH)
    assert not resumed.to_build
    assert resumed.tag == NEWER
    assert resumed.origin != ORIGIN


def test_going_back_after_a_failed_update_takes_the_image_in_service() -> None:
    back = chosen(FAILED_AFTER_PUSH)
    assert not back.to_build
    assert (back.tag, back.origin) == (OLD, ORIGIN)


def test_a_release_after_a_failed_update_is_later_than_both(content: SetContent) -> None:
    content("c")
    assert chosen(Deployed(OLD, ORIGIN, "20990101-000000-bbbbbbbb")).tag == "20990101-000001-cccccccc"


def test_an_image_that_the_state_lost_is_built_again_under_a_tag_that_no_repository_has() -> None:
    lost = replace(after(2, 1, live=2), tag=OLD, pushed=None)
    again = chosen(lost)
    assert again.to_build
    assert again.tag > entry(2).tag > OLD
    assert again.tag.endswith("-aaaaaaaa")


def test_a_local_release_starts_from_the_base_image_that_set_up_chose(stacks: Path) -> None:
    (stacks / "cache").mkdir()
    (stacks / "cache" / "base-image").write_text("stand-in:1")
    assert select_release(load_settings("local"), NEVER_DEPLOYED).base_image == "stand-in:1"
    assert (
        select_release(load_settings("dev"), NEVER_DEPLOYED).base_image == get_image_tag.default_base_image()
    )


def test_a_stack_may_name_its_base_image(stacks: Path) -> None:
    (stacks / "Pulumi.dev.yaml").write_text(
        "config: {psn-emulator:architecture: arm64, psn-emulator:base_image: mirror.example/python@sha256:1}"
    )
    assert chosen(NEVER_DEPLOYED).base_image == "mirror.example/python@sha256:1"


def test_a_missing_source_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> str:
        raise get_image_tag.SourceError("uv.lock is missing")

    monkeypatch.setattr(get_image_tag, "content_hash", missing)
    with pytest.raises(DeployError, match=r"uv\.lock is missing"):
        chosen(NEVER_DEPLOYED)


# What the state knows


def test_a_stack_that_was_never_updated_knows_nothing() -> None:
    assert Deployed.from_state(StackState({})) == NEVER_DEPLOYED
    assert (
        Deployed.from_state(StackState({"urn": {"type": "pulumi:pulumi:Stack", "outputs": None}}))
        == NEVER_DEPLOYED
    )
    assert Deployed.from_state(StackState({"urn": {"type": "pulumi:pulumi:Stack"}})) == NEVER_DEPLOYED


def test_the_state_of_a_deploy_names_its_release() -> None:
    recorded = record("dev")
    known = Deployed.from_state(StackState(state_of(recorded)))
    assert known.tag == known.pushed == recorded.outputs["image_tag"]
    assert known.origin is not None
    assert recorded.outputs["release"] == {
        "version": known.origin.version,
        "commit": known.origin.commit,
        "dirty": known.origin.dirty,
        "label": known.origin.label,
    }


def test_the_image_and_every_function_bear_the_label_of_the_release() -> None:
    recorded = record("dev")
    label = recorded.outputs["release"]["label"]
    assert recorded.named("image").inputs["build"]["args"]["RELEASE"] == label
    assert recorded.named("root-function").inputs["description"].endswith(label)


def test_an_image_that_was_pushed_by_an_update_that_failed_keeps_its_label(
    content: SetContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state_of(record("dev"))
    content("c")
    monkeypatch.setattr(selection, "origin", lambda: ORIGIN)
    failed = record("dev", state=before)
    stack_of = {urn: item for urn, item in before.items() if item["type"] == "pulumi:pulumi:Stack"}
    monkeypatch.setattr(selection, "origin", lambda: Origin("1.2.3", "another", dirty=True))
    again = record("dev", state=state_of(failed) | stack_of)
    assert again.named("image").inputs["imageName"] == failed.named("image").inputs["imageName"]
    assert again.outputs["release"]["label"] == ORIGIN.label


def test_a_commit_that_changes_nothing_in_the_image_leaves_every_function_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selection, "origin", lambda: Origin("1.2.3", "one", dirty=True))
    first = record("dev")
    monkeypatch.setattr(selection, "origin", lambda: Origin("1.2.3", "two", dirty=False))
    second = record("dev", state=state_of(first))
    for function in first.of("aws:lambda/function:Function"):
        for key in ("description", "imageUri"):
            assert second.named(function.name).inputs[key] == function.inputs[key]
    assert second.outputs["release"] == first.outputs["release"]


def test_the_program_asks_the_engine_what_is_deployed(content: SetContent) -> None:
    first = record("dev")
    second = record("dev", state=state_of(first))
    assert second.outputs == first.outputs
    content("c")
    assert record("dev", state=state_of(first)).outputs["image_tag"].endswith("-cccccccc")


# The releases that a stack keeps


def entry(number: int) -> Entry:
    """The release number ``number`` of a stack, whose content is of that digit."""
    return Entry(
        tag=f"2026010{number}-000000-{str(number) * 8}",
        version="1.2.3",
        commit=f"c0ffee{number}",
        dirty=False,
        since=f"2026-01-0{number}T00:00:00+00:00",
        image_uri=f"registry/psn:{number}",
        versions={"root": str(number)},
        inputs={"main.py": str(number) * 8},
        permissions=dict.fromkeys(EVERY_FUNCTION, READS),
    )


def after(*numbers: int, live: int) -> Deployed:
    """A stack that keeps these releases, the last one first."""
    return Deployed(
        tag=entry(live).tag,
        origin=entry(live).origin,
        pushed=entry(numbers[0]).tag,
        entries=tuple(map(entry, numbers)),
        functions=("root",),
    )


def kept(deployed: Deployed, tag: str, keep: int = 10) -> list[Entry]:
    """What ``deployed`` keeps once the release ``tag`` is live as version 7 of its function."""
    made = Release(tag, ORIGIN, "base:1", False, {"root": READS}, {"main.py": "0"}, deployed)
    return made.entries("registry/psn:new", {"root": "7"}, keep)


def test_a_first_release_is_kept_with_all_that_a_return_to_it_needs() -> None:
    [made] = kept(NEVER_DEPLOYED, OLD)
    assert datetime.fromisoformat(made.since).utcoffset() == timedelta(0)
    assert made == Entry(
        OLD,
        "1.2.3",
        "c0ffee",
        False,
        made.since,
        "registry/psn:new",
        {"root": "7"},
        {"main.py": "0"},
        permissions={"root": READS},
        form=FORM,
    )
    assert Entry.from_output(made.as_output()) == made


def test_a_release_that_says_no_form_of_the_table_has_the_first() -> None:
    output = {name: value for name, value in entry(1).as_output().items() if name != "form"}
    assert Entry.from_output(output).form == FIRST
    assert after(2, 1, live=1).form == FIRST


@pytest.mark.parametrize("live", [1, 2])
def test_the_image_that_is_kept_or_promoted_has_the_form_that_it_had(live: int) -> None:
    deployed = after(2, 1, live=live)
    deployed = replace(deployed, entries=(replace(entry(2), form=FORM), entry(1)))
    had = deployed.form
    assert select_release(load_settings("dev"), deployed, keep_image=True).form == had
    promoted = promoted_release(load_settings("dev"), deployed.entries[2 - live], "staging", deployed)
    assert promoted.form == had
    assert (had == FORM) == (live == 2)


def test_a_new_release_comes_before_those_before_it() -> None:
    made = kept(after(2, 1, live=2), NEWER)
    assert [item.tag for item in made] == [NEWER, entry(2).tag, entry(1).tag]
    assert made[1:] == [entry(2), entry(1)]


def test_a_release_after_a_rollback_comes_before_the_one_that_was_returned_to() -> None:
    made = tuple(kept(after(2, 1, live=1), NEWER))
    assert [item.tag for item in made] == [NEWER, entry(1).tag, entry(2).tag]
    assert Deployed(tag=NEWER, entries=made).before(NEWER) == entry(1)


def test_a_function_that_was_gone_in_between_is_another_one_now() -> None:
    made = kept(replace(after(2, 1, live=2), functions=("healthz",)), NEWER)
    assert [item.versions for item in made] == [{"root": "7"}, {}, {}]


def test_a_release_that_is_live_already_keeps_its_place_and_since_when() -> None:
    made = kept(after(2, 1, live=1), entry(1).tag)
    assert [item.tag for item in made] == [entry(2).tag, entry(1).tag]
    assert (made[1].since, made[1].versions) == (entry(1).since, {"root": "7"})


def test_an_old_release_that_is_deployed_again_comes_first_and_is_listed_once() -> None:
    made = kept(after(3, 2, 1, live=3), entry(1).tag)
    assert [item.tag for item in made] == [entry(1).tag, entry(3).tag, entry(2).tag]
    assert made[0].since == entry(1).since


def test_the_oldest_releases_go_when_there_are_too_many() -> None:
    assert [item.tag for item in kept(after(2, 1, live=2), NEWER, keep=2)] == [NEWER, entry(2).tag]


def test_the_live_release_stays_however_old_it_is() -> None:
    made = kept(after(4, 3, 2, 1, live=1), entry(1).tag, keep=2)
    assert [item.tag for item in made] == [entry(4).tag, entry(1).tag]


def test_what_ran_until_now_stays_to_return_to_however_old_it_is() -> None:
    made = kept(after(4, 3, 2, 1, live=1), NEWER, keep=3)
    assert [item.tag for item in made] == [NEWER, entry(1).tag, entry(4).tag]
    again = Deployed(tag=NEWER, origin=ORIGIN, pushed=NEWER, entries=tuple(made), functions=("root",))
    assert kept(again, NEWER, keep=3) == made


def test_a_release_whose_roles_are_not_known_is_none_to_keep() -> None:
    older = {name: item for name, item in entry(1).as_output().items() if name != "permissions"}
    known = replace(after(2, live=2), entries=(entry(2), Entry.from_output(older)))
    assert [item.tag for item in kept(known, NEWER)] == [NEWER, entry(2).tag]


def test_content_that_a_kept_release_had_is_that_release_again(content: SetContent) -> None:
    content("1")
    back = chosen(after(3, 2, 1, live=3))
    assert not back.to_build
    assert (back.tag, back.origin) == (entry(1).tag, entry(1).origin)


def test_force_is_later_than_every_release(content: SetContent) -> None:
    content("1")
    assert chosen(after(3, 2, 1, live=1), force=True).tag > entry(3).tag


def test_the_state_of_a_deploy_keeps_its_release_with_the_version_of_every_function() -> None:
    recorded = record("dev")
    [made] = Deployed.from_state(StackState(state_of(recorded))).entries
    assert made.tag == recorded.outputs["image_tag"]
    assert made.image_uri == recorded.outputs["image_uri"]
    assert made.versions == dict.fromkeys(recorded.outputs["function_names"], "7")
    assert {"handlers/auth.py", "BASE_IMAGE"} <= made.inputs.keys()
    assert made.permissions["healthz"] == READS
    assert made.permissions.keys() == made.versions.keys()


# What follows from it


def test_a_new_image_is_built_of_the_release(content: SetContent) -> None:
    image = record("dev", selected=a_release(NEWER, to_build=True)).named("image")
    assert image.ignored == ()
    assert image.inputs["imageName"].endswith(f":{NEWER}")
    assert image.inputs["build"]["args"]["IMAGE_TAG"] == NEWER
    assert image.inputs["build"]["args"]["BASE_IMAGE"] == "base:1"


def test_of_an_image_that_stays_nothing_on_this_machine_matters() -> None:
    image = record("dev", selected=a_release(OLD, before=IN_SERVICE)).named("image")
    assert set(image.inputs) <= set(image.ignored)


def test_an_image_that_stays_has_the_provider_of_the_state_and_a_new_one_that_of_the_program() -> None:
    made_by = "urn:pulumi:dev::psn-emulator::pulumi:providers:docker::default_5_0_0::an-id"
    state = {"image": {"type": IMAGE, "provider": made_by, "outputs": {"imageName": f"r:{OLD}"}}}
    known = Deployed.from_state(StackState(state))
    assert known.pushed == OLD
    stays, new = (a_release(tag, to_build=tag != OLD, before=known) for tag in (OLD, NEWER))
    assert record("dev", selected=stays).named("image").provider == made_by
    assert record("dev", selected=new).named("image").provider != made_by


def test_functions_run_the_release_also_where_another_image_was_pushed_last(content: SetContent) -> None:
    recorded = record("dev", selected=a_release(OLD))
    assert recorded.named("root-function").inputs["imageUri"].endswith(f":{OLD}")
    assert recorded.outputs["image_tag"] == OLD


def test_what_a_build_needs_is_made_ready_only_when_there_is_one() -> None:
    calls: list[str] = []
    to_build, kept = (a_release(OLD, to_build=build) for build in (True, False))
    record("dev", selected=to_build, provide_image=lambda: calls.append("built"))
    record("dev", selected=kept, provide_image=lambda: calls.append("kept"))
    record("dev", selected=to_build, preview=True, provide_image=lambda: calls.append("preview"))
    assert calls == ["built"]


# Promoted from another stack


def promotion(before: Deployed = NEVER_DEPLOYED) -> Release:
    """The release number 1 of another stack, on its way to one that is as ``before``."""
    return promoted_release(load_settings("dev"), entry(1), "staging", before)


def after_promotion(*, pushed: str | None = None) -> Deployed:
    """A stack that runs the release number 1 of another stack."""
    made = kept(NEVER_DEPLOYED, entry(1).tag)[0]
    made = replace(made, promoted_from="staging", permissions=entry(1).permissions)
    return Deployed(made.tag, made.origin, pushed, (made,))


def test_a_promoted_release_is_that_of_the_other_stack_and_knows_where_it_came_from() -> None:
    recorded = record("dev", selected=promotion(), provide_image=lambda: None)
    [made] = map(Entry.from_output, recorded.outputs["releases"])
    assert (made.tag, made.origin, made.inputs) == (entry(1).tag, entry(1).origin, entry(1).inputs)
    assert made.promoted_from == "staging"
    assert made.image_uri.endswith(f"/psn-emulator-dev:{entry(1).tag}")
    assert recorded.named("root-function").inputs["imageUri"] == made.image_uri


def test_an_image_is_copied_when_its_repository_is_there_and_before_a_function_needs_it() -> None:
    seen: list[set[str]] = []
    recorded = Recorded()

    def copy() -> None:
        seen.append({item.name for item in recorded.resources})

    record("dev", selected=promotion(), provide_image=copy, recorded=recorded)
    [names] = seen
    assert "repository" in names
    assert not {name for name in names if name.endswith("-function")}


def test_a_preview_of_a_promotion_copies_nothing() -> None:
    record("dev", selected=promotion(), preview=True, provide_image=lambda: pytest.fail("copied"))


def test_a_stack_that_never_built_an_image_has_none_to_build() -> None:
    assert not record("dev", selected=promotion(), provide_image=lambda: None).of(IMAGE)


def test_the_image_that_a_stack_built_last_stays_when_another_is_promoted() -> None:
    image = record("dev", selected=promotion(IN_SERVICE), provide_image=lambda: None).named("image")
    assert set(image.inputs) <= set(image.ignored)


def test_what_stops_a_copy_ends_the_run_in_one_line() -> None:
    def stopped() -> None:
        raise DeployError("The registry is gone.", "Wait.")

    with pytest.raises(pulumi.RunError, match=r"^The registry is gone\. Wait\.$"):
        record("dev", selected=promotion(), provide_image=stopped)


def test_promoted_content_is_not_built_again(content: SetContent) -> None:
    content("1")
    same = chosen(after_promotion())
    assert not same.to_build
    assert not same.to_copy
    assert (same.tag, same.promoted_from) == (entry(1).tag, "staging")


def test_a_route_that_came_later_than_the_image_is_refused() -> None:
    older = replace(entry(1), permissions={"gone": READS, **entry(1).permissions})
    kept_image = replace(after(1, live=1), entries=(older,))
    assert set(chosen(kept_image, keep_image=True).permissions) == {
        spec.name for spec in function_specs(load_settings("dev"))
    }
    older = replace(entry(1), permissions={name: READS for name in EVERY_FUNCTION if name != "docs"})
    kept_image = replace(after(1, live=1), entries=(older,))
    with pytest.raises(DeployError, match="has no code for docs, which came later") as refused:
        chosen(kept_image, keep_image=True)
    assert "c0ffee1" in refused.value.remedy
    assert chosen(kept_image).to_build


def test_a_promoted_release_is_kept_with_where_it_came_from() -> None:
    same = chosen(after_promotion(), keep_image=True)
    assert not same.to_build
    assert (same.tag, same.promoted_from) == (entry(1).tag, "staging")


def test_a_stack_whose_images_come_by_promotion_keeps_the_one_it_has(write_stack: WriteStack) -> None:
    write_stack("prod", architecture="arm64")
    same = select_release(load_settings("prod"), after_promotion())
    assert not same.to_build
    assert same.tag == entry(1).tag


def test_a_stack_whose_images_come_by_promotion_builds_its_first_only_when_forced(
    write_stack: WriteStack,
) -> None:
    write_stack("prod", architecture="arm64")
    with pytest.raises(DeployError, match="no image to keep") as refused:
        select_release(load_settings("prod"), NEVER_DEPLOYED)
    assert "make promote" in refused.value.remedy
    assert select_release(load_settings("prod"), NEVER_DEPLOYED, force=True).to_build


def test_a_release_that_cannot_be_ends_the_run_in_one_line_before_anything_is_declared(
    write_stack: WriteStack,
) -> None:
    write_stack("prod", architecture="arm64")
    recorded = Recorded()
    with pytest.raises(pulumi.RunError, match=r"^Stack 'prod' has no image to keep\. Bring it one: .*$"):
        record("prod", recorded=recorded)
    assert [item.type for item in recorded.resources] == [STACK]


def test_what_stops_a_build_ends_the_run_in_one_line() -> None:
    def stopped() -> None:
        raise DeployError("Docker is not running.", "Start it.")

    with pytest.raises(pulumi.RunError, match=r"^Docker is not running\. Start it\.$"):
        record("dev", provide_image=stopped)
