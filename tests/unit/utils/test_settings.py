"""What a function must be told, and what it says when it is not."""

from datetime import timedelta

import pytest

from tests.conftest import ENVIRONMENT
from utils.settings import SettingsError, from_environment, settings


def test_the_environment_is_read_once_and_typed() -> None:
    read = settings()
    assert read.environment == "local"
    assert read.table_name == "psn-emulator-test"
    assert read.access_token_lifetime == timedelta(minutes=5)
    assert read.refresh_token_lifetime == timedelta(days=1)
    assert settings() is read


def test_the_issuer_has_no_trailing_slash() -> None:
    assert from_environment({**ENVIRONMENT, "ISSUER": "https://x.test/"}).issuer == "https://x.test"


@pytest.mark.parametrize("name", [name for name in ENVIRONMENT if not name.startswith("AWS_")])
def test_a_missing_variable_is_named(name: str) -> None:
    without = {other: value for other, value in ENVIRONMENT.items() if other != name}
    with pytest.raises(SettingsError, match=f"{name} is missing"):
        from_environment(without)


def test_one_error_names_everything_that_is_wrong() -> None:
    wrong = {
        **ENVIRONMENT,
        "ENVIRONMENT": "moon",
        "ACCESS_TOKEN_SECONDS": "soon",
        "REFRESH_TOKEN_SECONDS": "0",
        "PROFILE_CLAIMS_IN_ID_TOKEN": "True",
    }
    del wrong["TABLE_NAME"]
    with pytest.raises(SettingsError) as error:
        from_environment(wrong)
    assert "ENVIRONMENT is none of local, dev, staging, prod" in str(error.value)
    assert "TABLE_NAME is missing" in str(error.value)
    assert "ACCESS_TOKEN_SECONDS is not a positive number of seconds" in str(error.value)
    assert "REFRESH_TOKEN_SECONDS is not a positive number of seconds" in str(error.value)
    assert "PROFILE_CLAIMS_IN_ID_TOKEN is neither true nor false" in str(error.value)
