"""How far the image is, by what the official and the stand-in plugin say."""

import pytest

from infrastructure.terminal.image_progress import ImageProgress


def after(*lines: str) -> ImageProgress:
    """The image once these lines were said."""
    image = ImageProgress()
    for line in lines:
        image.read(line)
    return image


@pytest.mark.parametrize(
    ("line", "step", "steps", "command"),
    [
        ("Step 7/24 : RUN  python   -m pip", 7, 24, "RUN python -m pip"),
        ("[build 2/8] COPY handlers application/handlers", 2, 8, "COPY handlers application/handlers"),
        ("[3/4] WORKDIR /var/task", 3, 4, "WORKDIR /var/task"),
        ("[stage-1 10/12] COPY . .", 10, 12, "COPY . ."),
    ],
)
def test_the_step_is_known_from_either_builder(line: str, step: int, steps: int, command: str) -> None:
    image = after(line)
    assert (image.done, image.total) == (step - 1, steps)
    assert image.detail == f"step {step} of {steps}: {command}"
    assert image.extent == f"{steps} steps"


def test_layers_are_counted_where_the_plugin_names_them() -> None:
    image = after(
        "Step 24/24 : CMD x",
        "The push refers to repository [localhost:4566/psn]",
        "aaaaaaaaaaaa Preparing",
        "bbbbbbbbbbbb Waiting",
        "cccccccccccc Layer already exists",
        "aaaaaaaaaaaa Pushed",
        "bbbbbbbbbbbb Pushing [>               ]  1MB/8MB",
    )
    assert image.detail == "2 of 3 layers, 1MB/8MB"
    assert (image.done, image.total) == (2, 3)
    assert image.extent == "3 layers"


def test_the_last_size_is_shown_where_the_plugin_names_no_layer() -> None:
    image = after(
        "Step 24/24 : CMD x",
        "Pushing Image to the registry",
        "Preparing ",
        "Pushing [=====>          ]  512.5kB/2MB",
        "Pushing [=======>        ]  1.5MB/2MB 1s",
    )
    assert image.detail == "1.5MB/2MB"
    assert (image.done, image.total, image.extent) == (0, 0, "done")


def test_a_layer_of_unknown_size_is_shown_as_far_as_it_is() -> None:
    assert after("The push refers to repository [x]", "Pushing 5.12kB").detail == "5.12kB"


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
    assert not ImageProgress().read(line)


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
    image = ImageProgress()
    assert image.read(line)
    assert image.stage == "build"


def test_a_line_about_a_layer_begins_the_push() -> None:
    assert after("Step 1/1 : FROM x").stage == "build"
    assert after("Step 1/1 : FROM x", "aaaaaaaaaaaa Preparing").stage == "push"
