"""A stack's table and its secrets."""

from collections.abc import Collection, Mapping

import pulumi
import pulumi_aws as aws

from infrastructure.stack.names import INDEXES, PUBLIC_KEYS, SEED, SIGNING_KEYS
from infrastructure.stack.settings import Settings
from seeding import signing_keys
from seeding.seeds import Seed


class Storage(pulumi.ComponentResource):
    """The table, and the ``secrets`` by name: the keys that sign tokens, their public halves, the seed.

    ``public_jwks`` is the current set of public keys, a JWK Set (RFC 7517) as JSON. ``public_jwks_output`` is the
    stack's output of that set: ``{"made", "jwks"}``, where ``made`` is the id of the secret version that the program
    made the first key in. ``recorded`` is what that output was; where its ``made`` is another, it is of keys that are
    gone, and is not used.

    The engine neither replaces nor deletes the table and the secrets, but those named in ``replaceable``.
    """

    table: aws.dynamodb.Table
    secrets: dict[str, aws.secretsmanager.Secret]
    public_jwks: pulumi.Output[str]
    public_jwks_output: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        settings: Settings,
        seed: Seed,
        recorded: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        replaceable: Collection[str] = (),
    ) -> None:
        super().__init__("psn-emulator:storage:Storage", "storage", None, opts)
        self._settings = settings
        self._replaceable = replaceable
        self.table = self._table()
        self.secrets = {
            SIGNING_KEYS: self._secret(
                SIGNING_KEYS, "The keys that sign tokens: a JWK Set with private keys"
            ),
            PUBLIC_KEYS: self._secret(
                PUBLIC_KEYS, "The keys that verify tokens: the JWK Set to be published"
            ),
            SEED: self._secret(SEED, "The users and clients"),
        }
        first = signing_keys.key_set(signing_keys.new_keys(settings.signing_algorithm))
        # The value is given once: afterwards rotations change it.
        private = self._value(SIGNING_KEYS, pulumi.Output.secret(first), initial=True)
        public = private.secret_string.apply(lambda keys: signing_keys.public_set(str(keys)))
        self._value(PUBLIC_KEYS, public, initial=True)
        self._value(SEED, pulumi.Output.secret(seed.model_dump_json()))
        self.public_jwks_output = pulumi.Output.all(private.version_id, pulumi.Output.unsecret(public)).apply(
            lambda made: (
                dict(recorded) if recorded.get("made") == made[0] else {"made": made[0], "jwks": made[1]}
            )
        )
        self.public_jwks = self.public_jwks_output.apply(lambda output: output["jwks"])
        self.register_outputs({"table": self.table.name})

    def _table(self) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            "table",
            name=self._settings.names.base,
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[{"name": name, "type": "S"} for name in ("pk", "sk", *INDEXES)],
            local_secondary_indexes=[
                {"name": name, "range_key": name, "projection_type": "ALL"} for name in INDEXES
            ],
            ttl={"attribute_name": "purge_at", "enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": self._settings.kms_key},
            point_in_time_recovery={"enabled": self._settings.point_in_time_recovery},
            deletion_protection_enabled=self._settings.deletion_protection,
            tags=self._settings.names.tags,
            opts=pulumi.ResourceOptions.merge(
                self._protected("table"),
                # AWS takes another attribute in two changes, an hour apart: cloud.table_migration sees to it.
                pulumi.ResourceOptions(ignore_changes=["ttl"]),
            ),
        )

    def _protected(self, name: str) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, protect=name not in self._replaceable)

    def _secret(self, name: str, description: str) -> aws.secretsmanager.Secret:
        return aws.secretsmanager.Secret(
            f"{name}-secret",
            name=self._settings.names.secret(name),
            description=description,
            kms_key_id=self._settings.kms_key,
            recovery_window_in_days=self._settings.secret_recovery_days,
            tags=self._settings.names.tags,
            opts=self._protected(name),
        )

    def _value(
        self, name: str, value: pulumi.Output[str], *, initial: bool = False
    ) -> aws.secretsmanager.SecretVersion:
        return aws.secretsmanager.SecretVersion(
            name,
            secret_id=self.secrets[name].id,
            secret_string=value,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["secretString"] if initial else None),
        )
