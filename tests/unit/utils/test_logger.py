"""A line of the log tells what happened and nothing secret."""

from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.conftest import Log
from utils import masking
from utils.logger import logger
from utils.masking import masked

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail to jo.doe+x@mail.example.com, please", "mail to [e-mail], please"),
        (f"token {TOKEN}!", "token [token]!"),
        (f"x{TOKEN}.{TOKEN}", "x[token].[token]"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [token]"),
        ("Authorization: Bearer opaque-1", "Authorization: Bearer [masked]"),
        ("authorization: basic dTpw", "authorization: basic [masked]"),
        ('{"password": "hun\\"ter2", "n": 1}', '{"password": "[masked]", "n": 1}'),
        (
            '{"refresh_token":"abc","token_type":"Bearer"}',
            '{"refresh_token":"[masked]","token_type":"Bearer"}',
        ),
        ("{'password': 'hun\\'ter2', 'n': 1}", "{'password': '[masked]', 'n': 1}"),
        ("{'client_secret': b\"it's\"}", "{'client_secret': b'[masked]'}"),
        ("grant_type=password&password=hunter2&n=1", "grant_type=password&password=[masked]&n=1"),
        ("/callback?code=abc123&state=1", "/callback?code=[masked]&state=1"),
        ("refresh_token=r-1 was refused", "refresh_token=[masked] was refused"),
        ("username=jo%40mail.example&n=1", "username=[e-mail]&n=1"),
        ("nothing to hide, 12 @ home", "nothing to hide, 12 @ home"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text("eyJ.-_/=@%40 \"':password+codebearer\n", max_size=60))
def test_text_that_is_not_searched_has_nothing_to_mask(text: str) -> None:
    assume(masking._PLAIN.fullmatch(text))
    assert all(pattern.sub(replacement, text) == text for pattern, replacement in masking._MASKS)


def test_a_line_is_one_json_object_with_its_keys(log: Log) -> None:
    logger.append_keys(request_id="r-1", sandbox="ci")
    logger.info("hello", extra={"email": "a@b.example", "status": 200})
    (line,) = log.lines()
    assert line["message"] == "hello"
    assert line["level"] == "INFO"
    assert (line["request_id"], line["sandbox"], line["status"]) == ("r-1", "ci", 200)
    assert line["email"] == "[e-mail]"
    assert line["timestamp"].endswith("+00:00")


def test_half_a_character_costs_no_line(log: Log) -> None:
    logger.info("hello", extra={"said": "half \ud83d, \u00e9"})
    (line,) = log.lines()
    assert line["said"] == "half ?, \u00e9"
    assert log.text.encode()


def test_a_trace_is_part_of_its_line_and_masked(log: Log) -> None:
    try:
        raise ValueError("no such address: jo@mail.example")
    except ValueError:
        logger.exception("it failed")
    (line,) = log.lines()
    assert "Traceback" in line["exception"]
    assert "no such address: [e-mail]" in line["exception"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such address\njo@mail.example", "no such address\n[e-mail]"),
        ("GET /players\nBearer opaque-1", "GET /players\nBearer [masked]"),
        ("sent\tBasic dTpw", "sent\tBasic [masked]"),
        ('sent {"password": "hun\\"ter2"}', 'sent {"password": "[masked]"}'),
        ('one \\ and "two"', 'one \\ and "two"'),
    ],
)
def test_a_line_is_masked_wherever_in_a_text_a_secret_begins_and_stays_json(
    log: Log, text: str, shown: str
) -> None:
    logger.info(text, extra={"said": [{"by": text}]})
    (line,) = log.lines()
    assert (line["message"], line["said"]) == (shown, [{"by": shown}])


def test_the_value_of_a_key_with_a_secret_name_is_masked(log: Log) -> None:
    logger.info(
        "hello", extra={"sent": {"client_secret": "one", "scope": "two", "cookies": 3, "passwords": ["a"]}}
    )
    (line,) = log.lines()
    assert line["sent"] == {
        "client_secret": "[masked]",
        "scope": "two",
        "cookies": 3,
        "passwords": "[masked]",
    }


@pytest.mark.parametrize(
    "text",
    [
        "a" * 16_384,
        "%" * 16_384,
        '"' + "password" * 2048,
        "'" + "password" * 2048,
        "a%40" * 4096,
        "eyJ" * 87_000,
        "eyJ." * 65_000,
    ],
)
def test_a_long_text_takes_no_time_to_mask(text: str) -> None:
    began = process_time()
    masked(text)
    assert process_time() - began < 1
