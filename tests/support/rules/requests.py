"""Requests at random, of few enough kinds that they meet each other."""

from hypothesis import strategies as st

COUNTRIES = ("AQ", "BV", "HM")
"""Where nobody else in a deployed sandbox is from."""

_GODS = ("ares", "eris", "frey", "loki", "mars", "nyx", "odin", "thor", "tyr", "zeus")

names = st.sampled_from([spelling for name in _GODS for spelling in (name, name.upper())])
countries = st.sampled_from(COUNTRIES)
statuses = st.sampled_from(["active", "suspended", "banned"])
bodies = st.fixed_dictionaries(
    {"username": names, "email": names},
    optional={
        "display_name": st.sampled_from(["God of War", "Ἄρης", None]),
        "country": countries,
        "language": st.sampled_from(["el-GR", "nb", None]),
        "status": statuses,
    },
)
populations = st.lists(bodies, min_size=5, max_size=10)
results = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["win", "loss", "draw"]),
        "played_at": st.integers(0, 59).map(lambda second: f"2025-01-01T00:00:{second:02}.000Z"),
    },
    optional={
        "score": st.integers(0, 1_000_000_000),
        "playtime_seconds": st.integers(0, 5000),
        "experience": st.integers(0, 5000),
        "trophies": st.fixed_dictionaries(
            {}, optional={"bronze": st.integers(0, 9), "gold": st.integers(0, 9)}
        ),
    },
)
filters = st.fixed_dictionaries(
    {}, optional={"username": names, "email": names, "country": countries, "status": statuses}
)
demands = st.sampled_from(["none", "none", "current", "listed", "any", "stale", "weak"])
keys = st.none() | st.sampled_from(["first", "second", "third"])
places = st.integers(0, 30)
limits = st.integers(1, 3)
directions = st.booleans()
