"""When keys sign and are published, rotation after rotation."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infrastructure.commands.key_schedule import (
    ASK_AGAIN_SECONDS,
    LEAD_SECONDS,
    PUBLISHED_SECONDS,
    REREAD_SECONDS,
    SOON_SECONDS,
    KeySchedule,
    schedule_rotation,
)
from services.identity import issuer_keys, public_keys, signing_keys

TOKEN_SECONDS = 600
SESSION_SECONDS = 900
FIRST: dict[str, Any] = {"kid": "first"}


def rotate(*before: Any, at: int, lead: int = LEAD_SECONDS, kid: str = "new") -> KeySchedule:
    """The schedule of a rotation that would make the key ``kid``."""
    return schedule_rotation(
        before,
        lambda: {"kid": kid},
        at=at,
        lead=lead,
        token_seconds=TOKEN_SECONDS,
        session_seconds=SESSION_SECONDS,
    )


def test_a_new_key_signs_after_the_lead_and_the_old_one_stays_until_its_tokens_have_expired() -> None:
    schedule = rotate(FIRST, at=1000)
    assert schedule.keys[-1] == {"kid": "new", "signs_from": 1000 + LEAD_SECONDS}
    assert (schedule.added, schedule.signs_from) == ("new", 1000 + LEAD_SECONDS)
    assert schedule.leaving["first"] > 1000 + LEAD_SECONDS + TOKEN_SECONDS + REREAD_SECONDS
    assert (schedule.dropped, schedule.begun) == ((), False)


def test_a_repeated_rotation_goes_on_with_the_first_until_its_key_signs() -> None:
    first = rotate(FIRST, at=1000)
    again = rotate(*first.keys, at=first.signs_from - 1, kid="another")
    assert again.keys == first.keys
    assert again.begun
    assert rotate(*first.keys, at=first.signs_from, kid="another").added == "another"


def test_a_rotation_under_way_can_be_hastened_but_not_delayed() -> None:
    first = rotate(FIRST, at=1000)
    soon = rotate(*first.keys, at=1100, lead=SOON_SECONDS)
    assert (soon.added, soon.signs_from) == ("new", 1100 + SOON_SECONDS)
    assert soon.leaving["first"] < first.leaving["first"]
    assert rotate(*soon.keys, at=1110).keys == soon.keys


def test_a_key_goes_when_no_session_lives_that_may_have_its_id_token() -> None:
    first = rotate(FIRST, at=1000)
    until = first.leaving["first"]
    assert "first" not in rotate(*first.keys, at=until + 1, kid="third").leaving
    over = until + SESSION_SECONDS
    assert rotate(*first.keys, at=over - 1, kid="third").dropped == ()
    last = rotate(*first.keys, at=over, kid="third")
    assert last.dropped == ("first",)
    assert [key["kid"] for key in last.keys] == ["new", "third"]


@given(st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=12))
def test_however_it_is_rotated_every_token_verifies_and_every_signer_was_published_in_time(
    steps: list[tuple[int, bool]],
) -> None:
    """``seen`` is when each key was published first."""
    held: tuple[Any, ...] = (FIRST,)
    kids, moment = (f"key-{number}" for number in count()), 1000
    seen: dict[str, float] = {"first": -inf}
    for wait, now in steps:
        moment += wait
        lead = SOON_SECONDS if now else LEAD_SECONDS
        schedule = rotate(*held, at=moment, lead=lead, kid=next(kids))
        seen = {schedule.added: moment} | seen
        for kid in schedule.dropped:
            assert kid != _signer(held, moment)["kid"]
        held = schedule.keys
        for at, signer in _signers(held, moment):
            assert at - seen[signer["kid"]] >= SOON_SECONDS
        _assert_tokens_verify(held, moment)


def _assert_tokens_verify(held: tuple[Any, ...], moment: int) -> None:
    """Whatever signs from ``moment`` on is published until its last token has expired."""
    changes = sorted({key["signs_from"] for key in held if key.get("signs_from", -inf) > moment})
    for start, end in zip([moment, *changes], [*changes, None], strict=True):
        signer = _signer(held, start)
        if end is not None:
            assert signer["published_until"] >= end + TOKEN_SECONDS
        else:
            assert "published_until" not in signer


def _signer(held: tuple[Any, ...], at: float) -> Any:
    return max(
        (key for key in held if key.get("signs_from", -inf) <= at),
        key=lambda key: float(key.get("signs_from", -inf)),
    )


def _signers(held: tuple[Any, ...], moment: int) -> Iterator[tuple[int, Any]]:
    """When from ``moment`` on the signer changes, and to which."""
    for key in held:
        if key.get("signs_from", -inf) > moment:
            yield key["signs_from"], key


def test_the_application_reads_and_asks_as_often_as_is_counted_on(project: Path) -> None:
    assert timedelta(seconds=REREAD_SECONDS) == signing_keys._REREAD_AFTER
    assert timedelta(seconds=2) >= public_keys._REREAD_AFTER
    assert issuer_keys.ASK_AGAIN_SECONDS == ASK_AGAIN_SECONDS
    discovery = (project / "handlers" / "discovery.py").read_text()
    assert re.findall(r"max-age=(\d+)", discovery) == [str(PUBLISHED_SECONDS)]
