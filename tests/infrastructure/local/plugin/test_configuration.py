"""What the provider lets itself be configured to: a local AWS and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.plugin.aws.configuration import is_loopback, parse_configuration
from infrastructure.local.plugin.values import UNKNOWN
from infrastructure.tools import credentials
from tests.infrastructure.local.plugin.driver import Engine, RefusedError

LOCAL = "http://localhost:4566"


@pytest.fixture
def unconfigured(addresses: dict[str, str]) -> Iterator[Engine]:
    engine = Engine(addresses["aws"])
    yield engine
    engine.close()


@pytest.mark.parametrize(
    "url", ["http://localhost:4566", "http://127.0.0.1", "https://127.8.9.1:1", "http://[::1]:4566/path"]
)
def test_loopback_is_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ecr.eu-west-1.amazonaws.com",
        "http://localhost.example.com",
        "http://localhost@169.254.169.254/",
        "http://127.0.0.1.nip.io",
        "http://10.0.0.1:4566",
        "http://0.0.0.0:4566",
        "ftp://localhost",
        "localhost:4566",
        "",
    ],
)
def test_everything_else_is_not(url: str) -> None:
    assert not is_loopback(url)


def test_an_endpoint_elsewhere_is_refused_before_anything_is_asked(unconfigured: Engine) -> None:
    endpoints = [{"ecr": LOCAL}, {"sns": "https://sns.eu-west-1.amazonaws.com"}]
    refused = unconfigured.check_configuration(region="eu-west-1", endpoints=endpoints)
    assert list(refused) == ["endpoints[1].sns"]
    assert "is not a loopback address" in refused["endpoints[1].sns"]
    with pytest.raises(RefusedError, match=r"endpoints\[1\].sns: .* not a loopback address"):
        unconfigured.configure(region="eu-west-1", endpoints=endpoints)


def test_a_provider_without_endpoints_is_refused(unconfigured: Engine) -> None:
    assert unconfigured.check_configuration(region="eu-west-1") == {"endpoints": "required and missing"}


def test_a_setting_that_is_not_understood_is_refused(unconfigured: Engine) -> None:
    refused = unconfigured.check_configuration(
        region="eu-west-1", endpoints=[{"ecr": LOCAL}], assumeRoles=[{"roleArn": "arn"}], version="7.51.1"
    )
    assert list(refused) == ["assumeRoles"]


def test_a_malformed_setting_is_refused(unconfigured: Engine) -> None:
    refused = unconfigured.check_configuration(region="eu-west-1", endpoints="not json")
    assert refused == {"endpoints": "has to be a list"}
    refused = unconfigured.check_configuration(region="eu-west-1", endpoints=["no object"])
    assert refused == {"endpoints[0]": "has to be an object"}


def test_nothing_is_done_before_the_provider_is_configured(unconfigured: Engine) -> None:
    with pytest.raises(RefusedError, match="the provider is not configured"):
        unconfigured.check("aws:sns/topic:Topic", {"name": "t"})


def test_a_service_without_an_endpoint_is_refused_in_a_preview(unconfigured: Engine) -> None:
    unconfigured.configure(region="us-east-1", endpoints=[{"ecr": LOCAL}])
    _, refused = unconfigured.check("aws:sns/topic:Topic", {"name": "t"})
    assert refused == {"": "the provider has no endpoint for sns"}


def test_everything_the_program_sets_for_a_local_stack_is_taken() -> None:
    place = parse_configuration(
        {
            "region": "eu-west-1",
            "profile": "work",
            "accessKey": "123456789012",
            "secretKey": "local",
            "endpoints": '[{"ecr": "http://localhost:1", "sts": "http://localhost:2", "s3": "http://localhost:3"}]',
            "skipCredentialsValidation": "true",
            "skipRequestingAccountId": "true",
            "skipMetadataApiCheck": "true",
            "skipRegionValidation": "true",
            "s3UsePathStyle": "true",
            "defaultTags": '{"tags": {"project": "psn-emulator"}}',
            "version": "7.51.1",
        }
    )
    assert (place.region, place.access_key, place.secret_key) == ("eu-west-1", "123456789012", "local")
    assert place.endpoints == {"ecr": "http://localhost:1", "sts": "http://localhost:2"}
    assert place.default_tags == {"project": "psn-emulator"}
    assert place.assumed_account == "123456789012"
    assert not place.asks_for_account
    assert "local'" not in repr(place)


def test_the_credential_is_the_checkouts_own_unless_one_is_given() -> None:
    own = credentials.local_aws()
    place = parse_configuration({"region": "eu-west-1", "endpoints": f'[{{"sts": "{LOCAL}"}}]'})
    assert (place.access_key, place.secret_key) == (own.access_key, own.secret_key)
    assert place.assumed_account == "000000000000"
    assert place.asks_for_account


def test_an_endpoint_that_a_preview_does_not_know_yet_passes() -> None:
    from infrastructure.local.plugin.aws import configuration

    assert configuration.check_configuration({"region": "eu-west-1", "endpoints": UNKNOWN}) == []
    assert (
        configuration.check_configuration({"region": "eu-west-1", "endpoints": [UNKNOWN, {"ecr": UNKNOWN}]})
        == []
    )


def test_another_region_is_another_provider_and_another_port_is_not(unconfigured: Engine) -> None:
    from pulumi.runtime.proto import provider_pb2

    from infrastructure.local.plugin.wire import to_struct

    def difference(**changed: Any) -> provider_pb2.DiffResponse:
        old = {"region": "eu-west-1", "endpoints": "[]"}
        request = provider_pb2.DiffRequest(old_inputs=to_struct({**old}), news=to_struct({**old, **changed}))
        answer = unconfigured.stub.DiffConfig(request)
        assert isinstance(answer, provider_pb2.DiffResponse)
        return answer

    assert list(difference(region="us-east-1").replaces) == ["region"]
    moved = difference(endpoints='[{"ecr": "http://localhost:1"}]')
    assert (list(moved.diffs), list(moved.replaces)) == (["endpoints"], [])
    assert difference().changes == provider_pb2.DiffResponse.DIFF_NONE


def test_two_providers_of_one_run_keep_their_own_configuration(
    addresses: dict[str, str], aws_url: str, unique: str
) -> None:
    engines = [Engine(addresses["aws"]), Engine(addresses["aws"])]
    for engine, region in zip(engines, ("us-east-1", "eu-west-1"), strict=True):
        engine.configure_aws(aws_url, region=region)
    made = [engine.create("aws:sns/topic:Topic", {"name": unique}) for engine in engines]
    assert [topic["arn"].split(":")[3] for topic in made] == ["us-east-1", "eu-west-1"]
    assert [topic["region"] for topic in made] == ["us-east-1", "eu-west-1"]
    for engine in engines:
        engine.close()
