"""How far the image is, by what the official and the stand-in plugin say."""

import pytest

from infrastructure.terminal.image_work import ImageWork


def after(*lines: str) -> ImageWork:
    """The work once these lines were said."""
    work = ImageWork()
    for line in lines:
        work.take(line)
    return work


@pytest.mark.parametrize(
    ("line", "step", "steps", "doing"),
    [
        ("Step 7/24 : RUN  python   -m pip", 7, 24, "RUN python -m pip"),
        ("[build 2/8] COPY handlers application/handlers", 2, 8, "COPY handlers application/handlers"),
        ("[3/4] WORKDIR /var/task", 3, 4, "WORKDIR /var/task"),
        ("[stage-1 10/12] COPY . .", 10, 12, "COPY . ."),
    ],
)
def test_the_step_is_known_from_either_builder(line: str, step: int, steps: int, doing: str) -> None:
    work = after(line)
    assert (work.step, work.steps, work.doing) == (step, steps, doing)
    assert str(work) == f"step {step} of {steps}: {doing}"
    assert work.progress == (step - 1, steps)


def test_layers_add_up_where_the_plugin_names_them() -> None:
    work = after(
        "The push refers to repository [localhost:4566/psn]",
        "aaaaaaaaaaaa Preparing",
        "bbbbbbbbbbbb Waiting",
        "cccccccccccc Layer already exists",
        "aaaaaaaaaaaa Pushing [=====>          ]  512.5kB/2MB",
        "bbbbbbbbbbbb Pushing [>               ]  1MB/8MB",
        "aaaaaaaaaaaa Pushed",
    )
    assert str(work) == "2 of 3 layers, 3.0 of 10.0 MB"
    assert work.progress == (3e6, 10e6)


def test_the_last_layer_is_told_where_the_plugin_names_none() -> None:
    work = after(
        "Pushing Image to the registry",
        "Preparing ",
        "Pushing [=====>          ]  512.5kB/2MB",
        "Pushing [=======>        ]  1.5MB/2MB 1s",
    )
    assert str(work) == "1.5 of 2.0 MB"


def test_a_layer_of_unknown_size_and_one_of_more_than_was_told_do_no_harm() -> None:
    assert str(after("The push refers to repository [x]", "Pushing 5.12kB")) == ""
    assert after("aaaaaaaaaaaa Pushing [===>] 9.5MB/9MB").progress == (9e6, 9e6)


@pytest.mark.parametrize(
    "line",
    [
        "---> Using cache",
        "Removing intermediate container 0aaa",
        "aaaaaaaaaaaa Pushing 1B/5B",
        '{"ID":"sha256:1"}',
    ],
)
def test_what_only_passes_is_not_kept(line: str) -> None:
    assert not ImageWork().take(line)


@pytest.mark.parametrize(
    "line",
    [
        "Step 1/2 : FROM x",
        "Collecting boto3",
        "ERROR: no such package",
        "1: digest: sha256:dd size: 1",
        "Pushing ahead",
    ],
)
def test_what_a_reader_of_a_log_wants_is_kept(line: str) -> None:
    work = ImageWork()
    assert work.take(line)
    assert work.stage == "build"


def test_a_line_about_a_layer_begins_the_push() -> None:
    assert after("Step 1/1 : FROM x").stage == "build"
    assert after("Step 1/1 : FROM x", "aaaaaaaaaaaa Preparing").stage == "push"
