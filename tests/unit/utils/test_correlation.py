"""What a caller may call its request."""

import pytest

from utils.correlation import correlation_id, traceparent


def test_a_request_without_names_has_none() -> None:
    assert (correlation_id({}), traceparent({})) == (None, None)


@pytest.mark.parametrize("value", ["c", "build-7/step:2", "~" * 128])
def test_a_correlation_id_is_taken_up_as_it_is(value: str) -> None:
    assert correlation_id({"x-correlation-id": value}) == value


@pytest.mark.parametrize("value", ["", "two words", "x" * 129, "ü", "a\nb"])
def test_a_correlation_id_that_could_harm_a_log_is_not_taken_up(value: str) -> None:
    assert correlation_id({"x-correlation-id": value}) is None


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", True),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", False),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", False),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", False),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", False),
        ("nonsense", False),
    ],
)
def test_a_traceparent_must_be_one_by_trace_context(value: str, taken: bool) -> None:
    assert traceparent({"traceparent": value}) == (value if taken else None)
