"""What a stack keeps, and what of it must not get out."""

import json
from typing import ClassVar

import pytest

from seeding import SigningAlgorithm
from seeding.signing_keys import key_set, keys_in, new_key, public_set
from services.players import player_items
from tests.infrastructure.conftest import (
    HASH_OF_ANOTHER_PASSWORD,
    Declared,
    WriteSeed,
    WriteStack,
    a_client,
    a_user,
)
from tests.support.recorded import Recorded, record, state_of
from tests.support.stacks import KINDS, SECRET_VERSION, variables

PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}
SECRETS = ("public-keys", "signing-keys", "seed")


@pytest.mark.parametrize("stack", KINDS)
def test_the_table_is_what_the_application_expects(declared: Declared, stack: str) -> None:
    table = declared(stack).named("table").inputs
    assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["ttl"] == {"attributeName": "purge_at", "enabled": True}
    assert table["serverSideEncryption"] == {"enabled": True}
    indexes = {index["name"]: index["rangeKey"] for index in table["localSecondaryIndexes"]}
    assert indexes == {name: name for name in player_items.INDEXES}
    assert {index["projectionType"] for index in table["localSecondaryIndexes"]} == {"ALL"}
    assert {one["name"] for one in table["attributes"]} == {"pk", "sk", *indexes}


@pytest.mark.parametrize("stack", KINDS)
def test_the_table_and_secrets_are_protected_from_updates_and_on_staging_and_prod_from_deletion(
    declared: Declared, stack: str
) -> None:
    recorded, lasting = declared(stack), stack in {"staging", "prod"}
    table, repository = recorded.named("table"), recorded.named("repository")
    assert table.inputs["deletionProtectionEnabled"] is lasting
    assert table.inputs["pointInTimeRecovery"] == {"enabled": lasting}
    assert repository.inputs["forceDelete"] is not lasting
    secrets = [recorded.named(f"{name}-secret") for name in SECRETS]
    assert {secret.inputs["recoveryWindowInDays"] for secret in secrets} == {30 if lasting else 0}
    assert repository.protect is lasting
    assert {item.protect for item in (table, *secrets)} == {True}


@pytest.mark.parametrize("stack", KINDS)
def test_no_secret_leaves_its_secret(declared: Declared, stack: str) -> None:
    recorded = declared(stack)
    versions = recorded.of(SECRET_VERSION)
    assert all(version.secrets == {"secretString"} for version in versions)
    private = json.loads(recorded.named("signing-keys").inputs["secretString"]["value"])["keys"][0]["d"]
    elsewhere = [item.inputs for item in recorded.resources if item not in versions] + [recorded.outputs]
    assert private not in json.dumps(elsewhere)
    assert "$argon2id$" not in json.dumps(elsewhere)


def test_the_keys_of_the_first_deploy_and_what_rotations_make_of_them_stay(declared: Declared) -> None:
    assert declared("dev").named("signing-keys").ignored == ("secretString",)
    assert declared("dev").named("public-keys").ignored == ("secretString",)
    assert declared("dev").named("seed").ignored == ()


@pytest.mark.usefixtures("few_routes")
@pytest.mark.parametrize(("algorithm", "form"), [("ES256", ("EC", "P-256")), ("RS256", ("RSA", None))])
def test_the_published_keys_are_the_public_half_of_the_signing_keys(
    every_stack: tuple[str, ...], write_stack: WriteStack, algorithm: str, form: tuple[str, str | None]
) -> None:
    write_stack("dev", architecture="amd64", signing_algorithm=algorithm)
    recorded = record("dev")
    private, of_id_tokens = keys_in(recorded.named("signing-keys").inputs["secretString"]["value"])
    public, other = keys_in(variables(recorded, "authorizer")["PUBLIC_JWKS"])
    assert keys_in(recorded.named("public-keys").inputs["secretString"]["value"]) == [public, other]
    assert (of_id_tokens["kid"], of_id_tokens["signs"]) == (other["kid"], "id_token")
    assert {public["alg"], other["alg"]} == {"ES256", "RS256"}
    assert public == {key: value for key, value in private.items() if key not in PRIVATE}
    assert (public["kty"], public.get("crv")) == form
    assert (public["alg"], public["use"]) == (algorithm, "sig")


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_keys_are_new_each_time_and_told_apart_by_their_ids(algorithm: SigningAlgorithm) -> None:
    one, other = new_key(algorithm), new_key(algorithm)
    assert one["kid"] != other["kid"]
    assert one["d"] != other["d"]


def test_the_public_half_is_one_text_for_one_set_of_keys_and_keeps_their_times() -> None:
    key = new_key("ES256") | {"signs_from": 5, "published_until": 7}
    assert public_set(key_set([key])) == public_set(key_set([dict(reversed(key.items()))]))
    [public] = keys_in(public_set(key_set([key])))
    assert (public["signs_from"], public["published_until"]) == (5, 7)


@pytest.mark.usefixtures("few_routes")
def test_the_users_and_clients_of_the_seed_file_are_in_the_seed_secret(
    every_stack: tuple[str, ...], write_seed: WriteSeed
) -> None:
    jane = a_user("jane", HASH_OF_ANOTHER_PASSWORD)
    game = a_client("game")
    write_seed("prod", jane, clients=[game])
    seed = json.loads(record("prod").named("seed").inputs["secretString"]["value"])
    [user], [client] = seed["users"], seed["clients"]
    assert {name: value for name, value in user.items() if name in jane or value} == jane
    assert client == {
        **game,
        "id_token_signed_response_alg": None,
        "resources": [],
        "require_pkce": False,
        "any_localhost_port": False,
        "audience": [],
        "access_token_seconds": None,
        "refresh_token_seconds": None,
        "extra_claims": {},
    }


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


@pytest.mark.usefixtures("every_stack", "few_routes")
class TestThePublicKeysThatARotationNoted:
    NOTED: ClassVar = {"made": "made-first", "jwks": '{"keys":[{"kid":"rotated"}]}'}

    @staticmethod
    def _next_deploy(public_jwks: dict[str, str]) -> Recorded:
        first = record("dev")
        first.outputs["public_jwks"] = public_jwks
        return record("dev", state=state_of(first))

    def test_are_given_to_the_functions_by_the_next_deploy_and_stay_noted(self) -> None:
        recorded = self._next_deploy(self.NOTED)
        assert variables(recorded, "authorizer")["PUBLIC_JWKS"] == self.NOTED["jwks"]
        assert recorded.outputs["public_jwks"] == self.NOTED

    def test_count_no_more_when_the_program_had_to_make_new_keys(self) -> None:
        recorded = self._next_deploy(self.NOTED | {"made": "of keys that are gone"})
        made = keys_in(recorded.named("public-keys").inputs["secretString"]["value"])
        assert keys_in(variables(recorded, "authorizer")["PUBLIC_JWKS"]) == made
        assert recorded.outputs["public_jwks"]["made"] == "made-first"
