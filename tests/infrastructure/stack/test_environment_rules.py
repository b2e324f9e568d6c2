"""What staging and prod may not do without, each refused in a line that names the key."""

import pytest

from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from tests.infrastructure.conftest import WriteStack


def refusal(stack: str) -> str:
    """The one line with which the settings of ``stack`` are refused."""
    with pytest.raises(DeployError) as refused:
        load_settings(stack)
    assert "\n" not in refused.value.cause
    return refused.value.cause


@pytest.mark.parametrize("stack", ["staging", "prod"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("log_level", "DEBUG"),
        ("log_level", "WARNING"),
        ("log_retention_days", 14),
        ("monitoring", False),
        ("cors_origins", ["*"]),
        ("cors_origins", ["http://game.example"]),
        ("issuer_hosts", ["emulator.example"]),
        ("automatic_login", True),
    ],
)
def test_staging_and_prod_are_held_to_more(
    write_stack: WriteStack, stack: str, key: str, value: object
) -> None:
    write_stack(stack, architecture="amd64", **{key: value})
    assert f"psn-emulator:{key} " in refusal(stack)
    write_stack("dev", architecture="amd64", **({key: value} if value != ["*"] else {}))
    load_settings("dev")


def test_all_that_a_stack_does_wrong_is_told_at_once(write_stack: WriteStack) -> None:
    write_stack("prod", architecture="amd64", log_level="DEBUG", log_retention_days=30, monitoring=False)
    cause = refusal("prod")
    assert all(
        key in cause for key in ("log_level is DEBUG", "log_retention_days is 30", "monitoring is off")
    )


@pytest.mark.parametrize("key", ["deletion_protection", "point_in_time_recovery"])
def test_prod_gives_up_its_protection_only_by_a_second_word(write_stack: WriteStack, key: str) -> None:
    write_stack("prod", architecture="amd64", **{key: False})
    assert f"psn-emulator:{key} is off, which on prod takes psn-emulator:accept_data_loss" in refusal("prod")
    write_stack("prod", architecture="amd64", accept_data_loss=True, **{key: False})
    assert getattr(load_settings("prod"), key) is False


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"alarm_emails": ["nobody"]}, "alarm_emails: 'nobody' is no e-mail address"),
        ({"alarm_urls": ["http://chat.example"]}, "alarm_urls: 'http://chat.example' is no https URL"),
        ({"alarm_emails": ["a@b.example"], "monitoring": False}, "monitoring is off, so nobody"),
        ({"routes": {"heathz": {"throttle_rate": 1, "throttle_burst": 1}}}, "routes.heathz is no route"),
        (
            {"routes": {"healthz": {"throttle_rate": 9, "throttle_burst": 1}}},
            "healthz.throttle_burst is under",
        ),
        (
            {"routes": {"healthz": {"throttle_rate": 999, "throttle_burst": 999}}},
            "healthz.throttle_rate is over",
        ),
        (
            {"routes": {"healthz": {"throttle_rate": 0, "throttle_burst": 1}}},
            "routes.healthz.throttle_rate: ",
        ),
    ],
)
def test_subscribers_and_throttles_have_to_be_possible(
    write_stack: WriteStack, settings: dict[str, object], said: str
) -> None:
    write_stack("dev", architecture="amd64", **settings)
    assert said in refusal("dev")


@pytest.mark.parametrize(
    "settings", [{"monitoring": True}, {"routes": {"healthz": {"throttle_rate": 1, "throttle_burst": 1}}}]
)
def test_a_local_stack_is_told_what_its_aws_cannot_do(
    write_stack: WriteStack, settings: dict[str, object]
) -> None:
    write_stack("local", **settings)
    assert f"psn-emulator:{next(iter(settings))} is for AWS" in refusal("local")
