"""What a stack keeps, and what of it must not get out."""

import json

import pytest

from infrastructure.storage import new_signing_keys, public_half
from tests.infrastructure.conftest import HASH_OF_ANOTHER_PASSWORD, Declared, WriteSeed, a_user
from tests.infrastructure.recorded import record
from tests.infrastructure.stacks import KINDS, SECRET_VERSION, variables


@pytest.mark.parametrize("stack", KINDS)
def test_the_table_is_what_the_application_expects(declared: Declared, stack: str) -> None:
    table = declared(stack).named("table").inputs
    assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}
    assert table["serverSideEncryption"] == {"enabled": True}


@pytest.mark.parametrize("stack", KINDS)
def test_what_lasts_is_protected_on_staging_and_prod(declared: Declared, stack: str) -> None:
    recorded, lasting = declared(stack), stack in {"staging", "prod"}
    table, repository = recorded.named("table"), recorded.named("repository")
    assert table.inputs["deletionProtectionEnabled"] is lasting
    assert table.inputs["pointInTimeRecovery"] == {"enabled": lasting}
    assert repository.inputs["forceDelete"] is not lasting
    secrets = [recorded.named(f"{name}-secret") for name in ("signing-keys", "seed")]
    assert {secret.inputs["recoveryWindowInDays"] for secret in secrets} == {30 if lasting else 0}
    assert {item.protect for item in (table, repository, *secrets)} == {lasting}


@pytest.mark.parametrize("stack", KINDS)
def test_no_secret_leaves_its_secret(declared: Declared, stack: str) -> None:
    recorded = declared(stack)
    versions = recorded.of(SECRET_VERSION)
    assert all(version.secrets == {"secretString"} for version in versions)
    private = json.loads(recorded.named("signing-keys").inputs["secretString"]["value"])["keys"][0]["d"]
    elsewhere = [item.inputs for item in recorded.resources if item not in versions] + [recorded.outputs]
    assert private not in json.dumps(elsewhere)
    assert "$argon2id$" not in json.dumps(elsewhere)


def test_the_signing_keys_of_the_first_deploy_stay(declared: Declared) -> None:
    assert declared("dev").named("signing-keys").ignored == ("secretString",)
    assert declared("dev").named("seed").ignored == ()


def test_the_published_keys_are_the_public_half_of_the_signing_keys(declared: Declared) -> None:
    recorded = declared("dev")
    [private] = json.loads(recorded.named("signing-keys").inputs["secretString"]["value"])["keys"]
    [public] = json.loads(variables(recorded, "authorizer")["PUBLIC_JWKS"])["keys"]
    assert public == {key: value for key, value in private.items() if key != "d"}
    assert (public["kty"], public["crv"], public["alg"], public["use"]) == ("EC", "P-256", "ES256", "sig")


def test_keys_are_new_each_time_and_told_apart_by_their_ids() -> None:
    one, other = json.loads(new_signing_keys())["keys"][0], json.loads(new_signing_keys())["keys"][0]
    assert one["kid"] != other["kid"]
    assert one["d"] != other["d"]


def test_the_public_half_is_one_text_for_one_set_of_keys() -> None:
    keys = json.loads(new_signing_keys())
    turned = {"keys": [dict(reversed(key.items())) for key in keys["keys"]]}
    assert public_half(json.dumps(keys)) == public_half(json.dumps(turned))


def test_the_users_of_the_seed_file_are_in_the_seed_secret(
    every_stack: tuple[str, ...], write_seed: WriteSeed
) -> None:
    jane = a_user("jane", HASH_OF_ANOTHER_PASSWORD)
    write_seed("prod", jane)
    seed = json.loads(record("prod").named("seed").inputs["secretString"]["value"])
    assert seed == {"users": [jane], "clients": []}


def test_the_registry_keeps_every_release(declared: Declared) -> None:
    repository = declared("dev").named("repository").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
    policy = json.loads(declared("dev").named("repository-lifecycle").inputs["policy"])
    assert [rule["selection"]["tagStatus"] for rule in policy["rules"]] == ["untagged"]


def test_the_image_is_built_from_paths_that_are_the_same_on_every_machine(declared: Declared) -> None:
    image = declared("dev").named("image")
    assert image.inputs["build"]["context"] == ".."
    assert image.inputs["build"]["dockerfile"] == "../Dockerfile"
    assert "registry" not in image.inputs
    assert image.retained
