"""What a reviewer is told: what is alike as one, what is lost first, which files made the release."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infrastructure.release.origin import Origin
from infrastructure.release.release import Deployed, Entry, Release
from infrastructure.review import markdown, text
from infrastructure.review.changes import Change, PropertyChange
from infrastructure.review.grouping import group_changes, name_list, one_line
from infrastructure.review.review import ReleaseChange, Review, SourceChanges
from infrastructure.stack.permissions import Permissions
from tests.support.engine_events import logged, recording

OLD, NEW = Origin("0.1.0", "a" * 40, dirty=False), Origin("0.1.0", "b" * 40, dirty=True)
ENTRY = Entry(
    tag="t1",
    version=OLD.version,
    commit=OLD.commit,
    dirty=OLD.dirty,
    since="2026-01-02T03:04:05+00:00",
    image_uri="repo:t1",
    versions={"root": "1"},
    inputs={"main.py": "1", "utils/old.py": "2", "platform": "3"},
    permissions={"root": Permissions(), "token": Permissions(frozenset({"GetItem"}), frozenset({"seed"}))},
)
LIVE = Deployed(tag="t1", origin=OLD, pushed="t1", entries=(ENTRY,))
CHOSEN = Release(
    tag="t2",
    origin=NEW,
    base_image="base",
    to_build=True,
    permissions={"new": Permissions(frozenset({"Query"})), "token": Permissions(frozenset({"GetItem"}))},
    inputs={"main.py": "9", "services/new file.py": "4", "platform": "8"},
    before=LIVE,
)
FUNCTION = "aws:lambda/function:Function"
SECRET = "aws:secretsmanager/secret:Secret"
TABLE = "aws:dynamodb/table:Table"


def a_change(name: str, type_: str = FUNCTION, operation: Any = "update", /, **values: Any) -> Change:
    """A change of a resource: ``path=(before, after)``, with a third value where it replaces."""
    properties = tuple(
        PropertyChange(path.replace("__", "."), pair[0], pair[1], replaces=len(pair) > 2)
        for path, pair in values.items()
    )
    urn = f"urn:pulumi:dev::psn-emulator::psn-emulator:storage:Storage${type_}::{name}"
    return Change(operation, type_, name, urn, properties)


def text_of(review: Review) -> str:
    """The review as plain lines."""
    return "\n".join(line for line, _ in text.lines(review))


def recorded() -> Review:
    """The review of a recorded preview: another image, other policies, and a table with another key."""
    return Review("local", tuple(logged(recording("preview-of-a-lossy-change")).changes))


# What is alike


def test_functions_that_change_alike_are_one_change() -> None:
    (group,) = group_changes(
        [a_change(f"f{number}", imageUri=("repo:t1", "repo:t2")) for number in range(17)]
    )
    assert group.title == "aws:lambda:Function  17: f0, f1, f10 and 14 more"
    assert [str(edit) for edit in group.edits] == ["imageUri: repo:t1 → repo:t2"]


def test_what_one_of_them_has_alone_stands_out() -> None:
    alike = [a_change(name, imageUri=("a", "b")) for name in ("one", "two")]
    (group,) = group_changes([*alike, a_change("three", imageUri=("a", "b"), memorySize=(256, 512))])
    assert [(edit.path, edit.names) for edit in group.edits] == [
        ("imageUri", ("one", "three", "two")),
        ("memorySize", ("three",)),
    ]
    assert "memorySize: 256 → 512  (three)" in text_of(
        Review("dev", (*alike, a_change("three", memorySize=(256, 512))))
    )


def test_texts_of_their_own_that_change_in_the_same_words_are_alike() -> None:
    (group,) = group_changes(
        [
            a_change("get", description=("GET /players · t1 · live", "GET /players · t2 · live")),
            a_change("root", description=("GET / · t1 · live", "GET / · t2 · live")),
        ]
    )
    (edit,) = group.edits
    assert (edit.before, edit.after) == ("… t1 …", "… t2 …")


def test_words_that_are_added_at_the_end_are_alike_whatever_stands_before_them() -> None:
    (group,) = group_changes(
        [
            a_change("get", description=("GET /players/{id}", "GET /players/{id} · t2")),
            a_change("root", description=("GET /", "GET / · t2")),
        ]
    )
    (edit,) = group.edits
    assert (edit.before, edit.after) == ("…", "… · t2")


def test_of_a_long_text_the_words_are_shown_that_differ() -> None:
    long = " ".join(f"word{number}" for number in range(50))
    (group,) = group_changes([a_change("one", description=(long, long.replace("word25", "other")))])
    assert str(group.edits[0]) == "description: … word25 … → … other …"


def test_a_value_that_stays_long_is_cut() -> None:
    (group,) = group_changes([a_change("one", description=("x" * 300, None))])
    assert str(group.edits[0]) == f"description: {'x' * 99}… → (none)"


@given(st.text("ab :/\u2028é"), st.text("ab :/\u2028é"))
@example("a b", "a  b")
def test_two_texts_never_look_the_same_unless_they_are_cut(one: str, other: str) -> None:
    (group,) = group_changes([a_change("a", p=(one, other)), a_change("b", p=("x", "y"))])
    (edit,) = (edit for edit in group.edits if "a" in edit.names)
    short = max(len(edit.before), len(edit.after)) < 100
    assert not short or (edit.before == edit.after) == (one_line(one) == one_line(other))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", '""'),
        (True, "true"),
        ({"a": ["é"]}, '{"a": ["é"]}'),
        ("a\nb", '"a\\nb"'),
        ("\x1b[2J", '"\\u001b[2J"'),
    ],
)
def test_a_value_is_shown_on_one_line_that_no_terminal_obeys(value: Any, expected: str) -> None:
    assert one_line(value) == expected


def test_few_names_are_all_told() -> None:
    assert name_list(("a", "b", "c", "d")) == "a, b, c, d"
    assert name_list(("a", "b", "c", "d", "e")) == "5: a, b, c and 2 more"


# The release


def test_the_sources_of_two_releases_are_compared_name_by_name() -> None:
    sources = SourceChanges.between(ENTRY.inputs, CHOSEN.inputs)
    assert sources.operations == [
        ("update", "main.py"),
        ("update", "platform"),
        ("create", "services/new file.py"),
        ("delete", "utils/old.py"),
    ]


def test_a_reviewer_sees_both_releases_the_files_and_how_to_see_their_lines() -> None:
    shown_lines = text_of(Review("dev", (a_change("root"),), ReleaseChange.from_release(CHOSEN))).splitlines()
    assert shown_lines[0] == "release  t1 (0.1.0+aaaaaaaaaaaa) → t2 (0.1.0+bbbbbbbbbbbb.dirty)"
    assert shown_lines[1:5] == ["  ~ main.py", "  ~ platform", "  + services/new file.py", "  - utils/old.py"]
    assert shown_lines[5] == "  git diff aaaaaaaaaaaa -- main.py 'services/new file.py' utils/old.py"


def test_many_files_are_compared_by_their_folders() -> None:
    inputs = {f"handlers/{number}.py": "1" for number in range(9)} | {"main.py": "2"}
    succession = ReleaseChange.from_release(replace(CHOSEN, inputs={**ENTRY.inputs, **inputs}))
    assert succession.comparison == "git diff aaaaaaaaaaaa -- handlers main.py"


def test_git_is_not_asked_for_a_release_that_it_does_not_know() -> None:
    dirty = replace(LIVE, origin=replace(OLD, dirty=True))
    assert ReleaseChange.from_release(replace(CHOSEN, before=dirty)).comparison == ""
    assert (
        ReleaseChange.from_release(
            replace(CHOSEN, before=replace(LIVE, origin=replace(OLD, commit="")))
        ).comparison
        == ""
    )


def test_the_first_release_and_one_that_stays_are_told_as_such() -> None:
    first = Review("dev", (a_change("root"),), ReleaseChange.from_release(replace(CHOSEN, before=Deployed())))
    assert text_of(first).startswith("release  t2 (0.1.0+bbbbbbbbbbbb.dirty), the first\n\n")
    same = replace(CHOSEN, tag="t1", origin=OLD, inputs=ENTRY.inputs)
    stays = Review("dev", (a_change("root"),), ReleaseChange.from_release(same))
    assert text_of(stays).startswith("release  t1 (0.1.0+aaaaaaaaaaaa) stays\n\n")


def test_nothing_changed_is_one_line_in_every_form() -> None:
    nothing = Review("dev", (), ReleaseChange.from_release(replace(CHOSEN, tag="t1", origin=OLD)))
    assert text_of(nothing) == "dev: no changes"
    assert markdown.comment(nothing).splitlines()[1:] == ["### `dev`: no changes"]
    assert nothing.as_json()["changes"] == []


# What is lost


def test_what_is_lost_is_told_last_before_the_count_and_what_forces_it() -> None:
    review = Review(
        "dev", (a_change("table", TABLE, "replace", rangeKey=("sk", "sort", True)), a_change("root"))
    )
    assert text_of(review).splitlines()[-5:] == [
        "take care",
        "  ± aws:dynamodb:Table  table",
        "      everything in it is lost: players, statistics, sessions, because of rangeKey: sk → sort",
        "",
        "dev: 1 to update, 1 to replace",
    ]


def test_what_a_deploy_stops_before_is_told_in_every_form() -> None:
    changes = (
        a_change("table", TABLE, "replace", rangeKey=("sk", "sort", True)),
        a_change("seed-secret", SECRET, "delete"),
    )
    review = Review("dev", changes, ReleaseChange.from_release(CHOSEN))
    told = "a deploy stops before that, unless it is given REPLACE=table,seed"
    assert f"  {told}" in text_of(review).splitlines()
    assert f"> - {told}" in markdown.comment(review).splitlines()
    assert review.as_json()["refusal"] == told
    for other in (Review("dev", changes), Review("dev", (a_change("table", TABLE),), review.release)):
        assert other.refusal == ""
        assert "REPLACE" not in text_of(other) + markdown.comment(other)


def test_a_reviewer_reads_which_function_gains_or_loses_which_permission() -> None:
    release = ReleaseChange.from_release(CHOSEN)
    assert text_of(Review("dev", (a_change("root"),), release)).splitlines()[7:11] == [
        "permissions",
        "  + new: dynamodb:Query",
        "  - token: secret seed",
        "",
    ]
    assert release.as_json()["permissions"] == [
        {"operation": "create", "function": "new", "permission": "dynamodb:Query"},
        {"operation": "delete", "function": "token", "permission": "secret seed"},
    ]
    unknown = replace(LIVE, entries=(replace(ENTRY, permissions={}),))
    assert ReleaseChange.from_release(replace(CHOSEN, before=unknown)).permissions == ()


def test_what_loses_comes_before_what_interrupts_and_what_is_harmless_is_no_warning() -> None:
    review = Review(
        "dev",
        tuple(
            a_change(name, type_, "replace")
            for name, type_ in (
                ("smoke", "aws:lambda/invocation:Invocation"),
                ("alias", "aws:lambda/alias:Alias"),
                ("table", TABLE),
            )
        ),
    )
    assert [group.names for group in review.warnings] == [("table",), ("alias",)]
    assert "smoke: the smoke event is sent again" in text_of(review)


# A recorded preview


def test_a_recorded_preview_reads_as_a_page_that_names_every_resource_group() -> None:
    text = text_of(recorded())
    assert [line.split("  ")[0] for line in text.splitlines() if line[:1].isalpha()] == [
        "functions",
        "image",
        "storage",
        "take care",
        "local: 9 to update, 4 to replace",
    ]
    assert "  ~ aws:lambda:Function  authorizer-function, auth-token-function, healthz-function" not in text
    assert "  ~ aws:lambda:Function  auth-token-function, authorizer-function, healthz-function" in text
    assert text.count("imageUri: ") == 1
    assert "because of rangeKey: sk → sort" in text
    assert len(text.splitlines()) < 40


def test_a_recorded_preview_in_json_holds_every_change_unfolded() -> None:
    values = recorded().as_json()
    assert values["summary"] == {"update": 9, "replace": 4}
    assert len(values["changes"]) == 13
    (table,) = (change for change in values["changes"] if change["type"] == TABLE)
    assert table["group"] == "storage"
    assert table["consequence"]["severity"] == "loses"
    assert {"path": "rangeKey", "before": "sk", "after": "sort", "replaces": True} in table["properties"]


# The comment of a pull request


def test_a_comment_begins_with_what_to_take_care_of_and_folds_the_rest() -> None:
    lines = markdown.comment(replace(recorded(), release=ReleaseChange.from_release(CHOSEN))).splitlines()
    assert lines[0] == "<!-- psn-emulator preview of local -->"
    assert lines[1] == "### `local`: 9 to update, 4 to replace"
    assert lines[3] == "> [!CAUTION]"
    assert lines[4].startswith("> - **replace** `aws:dynamodb:Table` `table`: everything in it is lost")
    assert "Release `t1` (`0.1.0+aaaaaaaaaaaa`) → `t2` (`0.1.0+bbbbbbbbbbbb.dirty`)" in lines
    assert [line for line in lines if line.startswith("<details>")] == [
        "<details><summary>sources: 4 changed</summary>",
        "<details><summary>permissions: 2 changed</summary>",
        "<details><summary>functions: 8 to update, 3 to replace</summary>",
        "<details><summary>image: 1 to update</summary>",
        "<details><summary>storage: 1 to replace</summary>",
    ]
    assert "+ new: dynamodb:Query" in lines
    assert "- token: secret seed" in lines
    assert lines.count("</details>") == 5


def test_values_stand_below_one_another_as_in_a_diff() -> None:
    lines = markdown.comment(Review("dev", (a_change("root", memorySize=(256, 512)),))).splitlines()
    start = lines.index("! update aws:lambda:Function  root")
    assert lines[start + 1 : start + 4] == ["    memorySize", "-     256", "+     512"]


def test_only_an_interruption_is_a_milder_warning() -> None:
    review = Review("dev", (a_change("alias", "aws:lambda/alias:Alias", "replace"),))
    assert "> [!WARNING]" in markdown.comment(review)


@pytest.mark.parametrize(
    "hostile", ["```\n<script>", "``` </details> @everyone", "`a` ```` b", "a\n```\n# b"]
)
def test_no_value_breaks_out_of_its_block(hostile: str) -> None:
    change = a_change("table", TABLE, "replace", name=(hostile, f"{hostile}2", True))
    lines = markdown.comment(Review("dev", (change,))).splitlines()
    opened = next(line for line in lines if line.endswith("diff") and line.startswith("```"))
    fence = opened.removesuffix("diff")
    start = lines.index(opened)
    end = lines.index(fence, start)
    block = lines[start + 1 : end]
    assert not any(fence in line for line in block)
    assert lines[end:] == [fence, "", "</details>"]
    assert len([line for line in lines if line.startswith(("#", "<"))]) == 4


def test_what_does_not_fit_into_a_comment_is_left_out_and_said_to_be() -> None:
    changes = tuple(
        a_change(f"f{number}", **{f"path{number}": (f"{number} {'a' * 90}", f"{number} {'b' * 90}")})
        for number in range(400)
    )
    comment = markdown.comment(Review("dev", changes))
    assert len(comment) <= 65_536
    assert "! update aws:lambda:Function  400: f0, f1, f10 and 397 more" in comment
    assert "`make preview STACK=dev`" in comment.splitlines()[-1]
