"""What a stack keeps: its table, and its secrets."""

import json

import pulumi
import pulumi_aws as aws
from joserfc.jwk import ECKey

from infrastructure.settings import Settings

SIGNING_KEYS = "signing-keys"
SEED = "seed"


class Storage(pulumi.ComponentResource):
    """The table, the secret with the keys that sign tokens, the secret with the users at the start.

    ``public_jwks`` is the public half of the keys, a JWK Set (RFC 7517) as JSON.
    """

    table: aws.dynamodb.Table
    secrets: dict[str, aws.secretsmanager.Secret]
    public_jwks: pulumi.Output[str]

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("psn-emulator:storage:Storage", "storage", None, opts)
        self._settings = settings
        self._lasting = pulumi.ResourceOptions(parent=self, protect=settings.deletion_protection)
        self.table = self._table()
        keys = self._secret(SIGNING_KEYS, "The keys that sign access tokens: a JWK Set with private keys")
        seed = self._secret(SEED, "The users and clients at the start")
        self.secrets = {SIGNING_KEYS: keys, SEED: seed}
        version = aws.secretsmanager.SecretVersion(
            SIGNING_KEYS,
            secret_id=keys.id,
            secret_string=pulumi.Output.secret(new_signing_keys()),
            # Made once: the keys in use stay, whatever this run has made.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        aws.secretsmanager.SecretVersion(
            SEED,
            secret_id=seed.id,
            secret_string=pulumi.Output.secret(settings.read_seed().model_dump_json()),
            opts=pulumi.ResourceOptions(parent=self),
        )
        public = version.secret_string.apply(lambda keys: public_half(str(keys)))
        self.public_jwks = pulumi.Output.unsecret(public)
        self.register_outputs({"table": self.table.name})

    def _table(self) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            "table",
            name=self._settings.names.base,
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            ttl={"attribute_name": "expires_at", "enabled": True},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": self._settings.point_in_time_recovery},
            deletion_protection_enabled=self._settings.deletion_protection,
            tags=self._settings.names.tags,
            opts=self._lasting,
        )

    def _secret(self, name: str, description: str) -> aws.secretsmanager.Secret:
        return aws.secretsmanager.Secret(
            f"{name}-secret",
            name=self._settings.names.secret(name),
            description=description,
            recovery_window_in_days=self._settings.secret_recovery_days,
            tags=self._settings.names.tags,
            opts=self._lasting,
        )


def new_signing_keys() -> str:
    """A JWK Set of one new private P-256 key (RFC 7517, 7518 section 6.2), as JSON; its ``kid`` is its
    thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, private=True)
    return json.dumps({"keys": [key.as_dict(private=True) | {"kid": key.thumbprint()}]}, sort_keys=True)


def public_half(keys: str) -> str:
    """The JWK Set without its private members, as JSON that is the same for the same keys."""
    shown = ("alg", "crv", "kid", "kty", "use", "x", "y")
    public = [{name: key[name] for name in shown if name in key} for key in json.loads(keys)["keys"]]
    return json.dumps({"keys": public}, sort_keys=True, separators=(",", ":"))
