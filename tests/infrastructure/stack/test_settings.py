"""A stack's settings: what is taken, what is refused, and in which words."""

import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.stack.settings import Settings, is_local
from tests.infrastructure.conftest import (
    WriteStack,
)
from tests.support.stacks import ALL_ROUTES


def refusal(stack: str) -> str:
    """The one line with which the settings of ``stack`` are refused."""
    with pytest.raises(DeployError) as refused:
        load_settings(stack)
    assert "\n" not in refused.value.cause
    assert refused.value.remedy
    return refused.value.cause


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_the_projects_own_stacks_load(stack: str) -> None:
    assert load_settings(stack).environment == stack
    load_seed(load_settings(stack))


def test_the_projects_own_stacks_run_the_same_image() -> None:
    assert len({load_settings(stack).platform for stack in ("dev", "staging", "prod")}) == 1


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_images_of_staging_and_prod_come_by_promotion_only(stack: str) -> None:
    assert load_settings(stack).image_by_promotion is (stack in {"staging", "prod"})


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_clients_register_without_a_token_on_local_and_dev_only(stack: str) -> None:
    assert load_settings(stack).open_registration is (stack in {"local", "dev"})


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_nobody_is_signed_in_without_a_password_but_on_local_and_dev(stack: str) -> None:
    assert load_settings(stack).automatic_login is (stack in {"local", "dev"})


NAMES = ("emulator", "emulator:4566", "a_b.test", "192.168.1.10:8080", "[::1]:4566", "host.docker.internal")
NO_NAMES = (
    *("http://emulator", "emulator/", "emulator:", "Emulator", "a b", "", "user@emulator", "*.example"),
    "psn-local.execute-api.localhost:4566",
)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        *(("issuer_hosts", [host], "is no host in lower case") for host in NO_NAMES),
        ("issuer_hosts", [f"host-{number}" for number in range(9)], "at most 8 items"),
        *(
            ("listen", address, "an IPv4 address and a port")
            for address in (
                "8080",
                "localhost:8080",
                "127.0.0.1",
                "0.0.0.256:1",
                "0.0.0.0:0",
                "0.0.0.0:65536",
            )
        ),
        *(
            ("public_url", url, "match pattern")
            for url in ("emulator:4566", "http://a/", "http://a/b?c", "http://u@a", "ftp://a")
        ),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    write_stack: WriteStack, key: str, value: object, said: str
) -> None:
    write_stack("local", **{key: value})
    with pytest.raises(DeployError, match=f"psn-emulator:{key}.*{said}"):
        load_settings("local")


def test_names_that_can_be_are_taken(write_stack: WriteStack) -> None:
    for url in ("http://192.168.1.10:8080", "https://emulator.example/psn", "http://[::1]:1"):
        write_stack("local", listen="0.0.0.0:8080", issuer_hosts=list(NAMES), public_url=url)
        assert load_settings("local").public_url == url


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("public_url", "http://emulator.example", "must be https"),
        ("listen", "0.0.0.0:8080", "is for local stacks"),
    ],
)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_aws_is_reached_by_https_at_its_own_gateway(
    write_stack: WriteStack, stack: str, key: str, value: str, said: str
) -> None:
    write_stack(stack, architecture="amd64", **{key: value})
    with pytest.raises(DeployError, match=f"psn-emulator:{key} {said}"):
        load_settings(stack)
    write_stack(stack, architecture="amd64", public_url="https://emulator.example")
    load_settings(stack)


def test_every_setting_is_described_and_those_without_a_default_say_what_decides() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if field.is_required() and name != "stack":
            assert "by default" in field.description, name


def test_a_local_stack_beside_another_reads_the_local_file_under_its_own_name(
    every_stack: tuple[str, ...],
) -> None:
    settings = load_settings("local-7")
    assert settings.environment == "local"
    assert settings.names.base == "psn-emulator-local-7"
    assert is_local("local-7")
    assert not is_local("locale")


def test_an_unknown_stack_is_refused_with_the_known_ones(stacks: Path) -> None:
    with pytest.raises(DeployError) as refused:
        load_settings("nowhere")
    assert "nowhere" in refused.value.cause
    assert "dev, local, prod, staging" in refused.value.remedy


@pytest.mark.parametrize("stack", ["local-", "LOCAL", "../dev", "local-" + "x" * 30, "local-ä"])
def test_a_stack_whose_name_no_resource_could_carry_is_refused(stack: str, stacks: Path) -> None:
    assert repr(stack) in refusal(stack)


def test_a_part_of_the_file_that_nothing_reads_is_refused(stacks: Path) -> None:
    (stacks / "Pulumi.dev.yaml").write_text("conifg:\n  psn-emulator:architecture: arm64\n")
    assert "conifg is not a part of a stack's file (is config meant?)" in refusal("dev")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("authorizer_ttl_seconds", 3601),
        ("authorizer_ttl_seconds", -1),
        ("authorizer_ttl_seconds", "soon"),
        ("authorizer_ttl_seconds", True),
        ("api_timeout_seconds", 31),
        ("timeout_seconds", 31),
        ("reserved_concurrency", 0),
        ("provisioned_concurrency", -1),
        ("account_concurrency", 0),
        ("functions", ["players-get"]),
        ("memory_mib", 127),
        ("memory_mib", 10241),
        ("architecture", "sparc"),
        ("log_level", "CHATTY"),
        ("log_retention_days", 31),
        ("secret_recovery_days", 3),
        ("throttle_rate", 0),
        ("throttle_burst", "many"),
        ("tracing", "perhaps"),
        ("image_by_promotion", "sometimes"),
        ("cors_origins", "https://game.example"),
        ("cors_origins", ["game.example"]),
        ("cors_origins", ["https://game.example/path"]),
        ("cors_origins", ["https://*"]),
        ("cors_origins", ["https://*.game.example"]),
        ("access_token_seconds", 1),
        ("refresh_token_seconds", [1]),
        ("browser_session_seconds", 59),
        ("signing_algorithm", "HS256"),
        ("issuer", "id.example"),
        ("jwks_uri", "ftp://id.example/keys"),
        ("seed_file", "../../etc/passwd"),
        ("account_id", "12"),
        ("environment", "moon"),
        ("environment", ["local"]),
        ("environment", {"local": True}),
        ("aws:region", "somewhere"),
        ("aws:profile", ["a"]),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(
    write_stack: WriteStack, key: str, value: object
) -> None:
    write_stack("dev", **({"architecture": "amd64"} | {key: value}))
    name = key if ":" in key else f"psn-emulator:{key}"
    assert f"{name}: " in refusal("dev")


def test_numbers_that_the_pulumi_command_wrote_as_text_are_taken(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", authorizer_ttl_seconds="0", tracing="true")
    settings = load_settings("dev")
    assert settings.authorizer_ttl_seconds == 0
    assert settings.tracing is True


@pytest.mark.parametrize(
    "key", ["psn-emulator:authorizer_ttl", "psn-emulator:stack", "aws:regoin", "docker:host", "region"]
)
def test_an_unknown_key_is_refused(write_stack: WriteStack, key: str) -> None:
    write_stack("dev", **{"architecture": "amd64", "aws:region": "eu-west-1"} | {f"{key}": 1})
    key = key if ":" in key else f"psn-emulator:{key}"
    assert f"{key} is not a setting" in refusal("dev")


def test_a_misspelt_key_is_told_what_was_meant(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", log_levle="DEBUG")
    assert "is psn-emulator:log_level meant?" in refusal("dev")


def test_all_that_is_wrong_is_said_at_once(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", memory_mib=1, throttle_rate=0)
    cause = refusal("dev")
    assert "psn-emulator:memory_mib" in cause
    assert "psn-emulator:throttle_rate" in cause


@pytest.mark.parametrize("text", ["config: [1]", "- a\n- b", "config: {a: [", "a: b: c", "nothing"])
def test_a_file_that_is_no_mapping_of_settings_is_refused(stacks: Path, text: str) -> None:
    (stacks / "Pulumi.dev.yaml").write_text(text)
    assert refusal("dev").startswith("Pulumi.dev.yaml: ")


def test_a_key_that_stands_twice_is_refused(stacks: Path) -> None:
    (stacks / "Pulumi.dev.yaml").write_text(
        "config:\n  psn-emulator:log_level: INFO\n  aws:region: eu-west-1\n  psn-emulator:log_level: DEBUG\n"
    )
    assert refusal("dev") == "Pulumi.dev.yaml: psn-emulator:log_level stands twice (again in line 4)."


def test_a_merge_may_say_otherwise_than_what_it_merges(stacks: Path) -> None:
    (stacks / "Pulumi.dev.yaml").write_text(
        "config:\n  psn-emulator:architecture: arm64\n  psn-emulator:functions:\n"
        "    root: &small {memory_mib: 128, timeout_seconds: 3}\n"
        "    jwks: {<<: *small, memory_mib: 256}\n"
    )
    assert load_settings("dev").functions["jwks"].memory_mib == 256


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"config:\n  psn-emulator:base_image: caf\xe9\n", "it is not UTF-8 text"),
        (b"config:\n  psn-emulator:log_retention_days: 2026-13-01\n", "month must be in 1..12"),
    ],
)
def test_a_file_of_no_text_and_a_value_that_cannot_be_are_refused(
    stacks: Path, content: bytes, fault: str
) -> None:
    (stacks / "Pulumi.dev.yaml").write_bytes(content)
    assert refusal("dev") == f"Pulumi.dev.yaml: {fault}."


def test_what_the_engine_keeps_beside_the_config_is_none_of_our_business(stacks: Path) -> None:
    (stacks / "Pulumi.dev.yaml").write_text(
        "encryptionsalt: v1:x\nconfig:\n  psn-emulator:architecture: arm64\n"
    )
    assert load_settings("dev").platform == "linux/arm64"


@pytest.mark.parametrize(
    ("stack", "config", "key"),
    [
        ("dev", {}, "architecture"),
        ("dev", {"architecture": "arm64", "environment": "local"}, "environment"),
        ("local", {"environment": "dev", "architecture": "arm64"}, "environment"),
        ("dev", {"architecture": "arm64", "cors_origins": ["*"]}, "cors_origins"),
        (
            "dev",
            {"architecture": "arm64", "timeout_seconds": 20, "api_timeout_seconds": 10},
            "timeout_seconds",
        ),
        ("dev", {"architecture": "arm64", "throttle_rate": 100, "throttle_burst": 50}, "throttle_burst"),
        ("dev", {"architecture": "arm64", "issuer": "https://id.example"}, "issuer"),
        ("dev", {"architecture": "arm64", "jwks_uri": "https://id.example/keys"}, "issuer"),
        (
            "dev",
            {"architecture": "arm64", "issuer": "https://id.example", "jwks_uri": "http://id.example/keys"},
            "jwks_uri",
        ),
        (
            "dev",
            {"architecture": "arm64", "reserved_concurrency": 2, "provisioned_concurrency": 3},
            "provisioned_concurrency",
        ),
        (
            "dev",
            {
                "architecture": "arm64",
                "reserved_concurrency": 2,
                "functions": {"jwks": {"provisioned_concurrency": 3}},
            },
            "functions.jwks.provisioned_concurrency",
        ),
        (
            "dev",
            {"architecture": "arm64", "functions": {"authorizer": {"timeout_seconds": 11}}},
            "functions.authorizer.timeout_seconds",
        ),
        ("dev", {"architecture": "arm64", "functions": {"jwkz": {"memory_mib": 512}}}, "functions.jwkz"),
        ("dev", {"architecture": "arm64", "provisioned_concurrency": 500}, "account_concurrency"),
        (
            "dev",
            {
                "architecture": "arm64",
                "account_concurrency": 150,
                "functions": {"players-get": {"reserved_concurrency": 51}},
            },
            "account_concurrency",
        ),
        (
            "dev",
            {"architecture": "arm64", "access_token_seconds": 600, "refresh_token_seconds": 60},
            "refresh_token_seconds",
        ),
    ],
)
def test_settings_that_cannot_work_together_are_refused(
    write_stack: WriteStack, stack: str, config: dict[str, object], key: str
) -> None:
    write_stack(stack, **config)
    assert f"psn-emulator:{key} " in refusal(stack)


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({"memory_mib": 127}, "psn-emulator:functions.jwks.memory_mib: "),
        ({"timeout_seconds": True}, "psn-emulator:functions.jwks.timeout_seconds: "),
        ({"reserved_concurrency": 0}, "psn-emulator:functions.jwks.reserved_concurrency: "),
        ({"architecture": "arm64"}, "psn-emulator:functions.jwks.architecture is not a setting"),
        (512, "psn-emulator:functions.jwks: "),
    ],
)
def test_a_wrong_setting_of_one_function_is_refused_by_its_own_key(
    write_stack: WriteStack, own: object, fault: str
) -> None:
    write_stack("dev", architecture="amd64", functions={"jwks": own})
    assert fault in refusal("dev")


def test_a_misspelt_function_is_told_which_was_meant(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", functions={"player-get": {}, "authoriser": {}})
    cause = refusal("dev")
    assert "functions.player-get is no function (is players-get meant?)" in cause
    assert "functions.authoriser is no function (is authorizer meant?)" in cause


def test_a_stack_may_use_all_that_its_account_may_set_aside(write_stack: WriteStack) -> None:
    share = 900 // len({route.function_name for route in ALL_ROUTES})
    write_stack("dev", architecture="amd64", reserved_concurrency=share)
    assert load_settings("dev").reserved_concurrency == share
    write_stack("dev", architecture="amd64", reserved_concurrency=share + 1)
    assert "psn-emulator:account_concurrency leaves 900 " in refusal("dev")


def test_any_origin_may_call_a_local_stack(write_stack: WriteStack) -> None:
    write_stack("local", cors_origins=["*"])
    assert load_settings("local").cors_origins == ("*",)


def test_data_is_protected_by_default_on_staging_and_prod_only(every_stack: tuple[str, ...]) -> None:
    for stack in every_stack:
        settings, lasting = load_settings(stack), stack in {"staging", "prod"}
        assert settings.deletion_protection is lasting, stack
        assert settings.point_in_time_recovery is lasting, stack
        assert settings.secret_recovery_days == (30 if lasting else 0), stack


def test_a_stack_of_ones_own_says_what_kind_it_is(write_stack: WriteStack) -> None:
    write_stack("dev-jane", architecture="arm64", environment="dev")
    assert load_settings("dev-jane").seed_file == "dev.yaml"
    write_stack("jane", architecture="arm64")
    assert "psn-emulator:environment" in refusal("jane")


def test_reading_settings_loads_no_engine() -> None:
    code = "import sys, infrastructure.stack.loading; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=get_image_tag.ROOT).returncode == 0
