"""Chance that repeats itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fault import Normal, NormalDelay, UniformDelay
from services.emulation.draws import milliseconds, share

SEEDS = st.integers(min_value=0, max_value=2**53 - 1)
COUNTS = st.integers(min_value=1, max_value=10**6)


@given(seed=SEEDS, ordinal=COUNTS, draw=COUNTS)
def test_a_share_is_below_one_and_always_the_same(seed: int, ordinal: int, draw: int) -> None:
    drawn = share(seed, ordinal, "probability", draw)
    assert 0 <= drawn < 1
    assert share(seed, ordinal, "probability", draw) == drawn


@given(seed=SEEDS, bounds=st.tuples(st.integers(0, 30_000), st.integers(0, 30_000)), draw=COUNTS)
def test_a_uniform_delay_is_within_its_bounds(seed: int, bounds: tuple[int, int], draw: int) -> None:
    shortest, longest = sorted(bounds)
    assert shortest <= milliseconds(UniformDelay([shortest, longest]), seed, 1, draw) <= longest


def test_shares_are_spread_evenly() -> None:
    drawn = [share(7, 1, draw) for draw in range(4000)]
    for tenth in range(10):
        assert 320 < sum(tenth / 10 <= one < (tenth + 1) / 10 for one in drawn) < 480


def test_normal_delays_have_their_mean_and_deviation() -> None:
    drawn = [milliseconds(NormalDelay(Normal(800, 100)), 7, 1, draw) for draw in range(4000)]
    mean = sum(drawn) / len(drawn)
    deviation = (sum((one - mean) ** 2 for one in drawn) / len(drawn)) ** 0.5
    assert mean == pytest.approx(800, abs=8)
    assert deviation == pytest.approx(100, abs=8)
    assert min(milliseconds(NormalDelay(Normal(0, 100)), 7, 1, draw) for draw in range(100)) == 0
