"""Rotating the keys that sign tokens, while clients log in and call: no valid token fails, no function is deployed.

The public set is written first, then the private one. What a rotation that was cut off in between published is
replaced by the next one: no private key goes with it, so it never signed anything.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.automation import aliases, updates, workspace
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import session
from infrastructure.commands import key_schedule, readiness
from infrastructure.commands.key_schedule import Schedule
from infrastructure.errors import DeployError
from infrastructure.program import signing_keys
from infrastructure.release.state import StackState, resource_name
from infrastructure.stack.names import PUBLIC_KEYS, SIGNING_KEYS
from infrastructure.stack.settings import Settings

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
_KEPT = "made-by-the-program"
"""The staging label of the version that the stack's state knows: without one, Secrets Manager deletes it in time, and
the program would make new keys in its place."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """A secret of keys: its ARN, and the version of it that the stack's state knows."""

    arn: str
    made: str


def preview(settings: Settings, *, now: bool) -> Schedule:
    """What a rotation would do. Raises ``DeployError`` as :func:`rotate` does."""
    state = workspace.state(settings)
    secrets = _secrets(settings.stack, state)
    readiness.check_readable(settings, state.accounts)
    return _schedule(settings, state, _read(settings, secrets[SIGNING_KEYS]), now=now)


def rotate(settings: Settings, *, now: bool) -> Schedule:
    """Adds a key and lets the one before go when its tokens have expired; with ``now`` as early as is safe.

    Where a rotation is under way or was cut off, it is that one which goes on. Raises ``DeployError`` when the
    stack was never deployed, or not since its keys can be rotated, and when AWS refuses.
    """
    _secrets(settings.stack, workspace.state(settings))  # nothing is started for a stack that has no keys
    readiness.reachable(settings)
    with workspace.exclusive(settings.stack), workspace.opened(settings, may_create=False) as stack:
        workspace.recover(stack)
        state = stack.state()
        secrets = _secrets(settings.stack, state)
        before = _read(settings, secrets[SIGNING_KEYS])
        schedule = _schedule(settings, state, before, now=now)
        private = signing_keys.as_set(schedule.keys)
        public = signing_keys.public_half(private)
        _write(settings, secrets[PUBLIC_KEYS], public)
        _write(settings, secrets[SIGNING_KEYS], private)
        if _read(settings, secrets[PUBLIC_KEYS]) != public:
            raise DeployError("Another rotation went on at the same time.", "Run this again: it mends that.")
        _record(stack, state, secrets[SIGNING_KEYS], public)
        readiness.settle(settings)
    return schedule


def _schedule(settings: Settings, state: StackState, private: str, *, now: bool) -> Schedule:
    return key_schedule.rotated(
        signing_keys.in_set(private),
        partial(signing_keys.new_key, settings.signing_algorithm),
        at=int(time.time()),
        lead=key_schedule.SOON_SECONDS if now else key_schedule.LEAD_SECONDS,
        token_seconds=max(settings.access_token_seconds, _deployed_token_seconds(state)),
    )


def _deployed_token_seconds(state: StackState) -> int:
    """How long the tokens live that the functions issue, whatever the settings' file says by now."""
    return max((int(item.variables["ACCESS_TOKEN_SECONDS"]) for item in state.functions), default=0)


def _secrets(stack: str, state: StackState) -> Mapping[str, _Secret]:
    """The secrets of keys by their names in the program. Raises ``DeployError`` when the state has none."""
    secrets = {
        resource_name(urn): _Secret(item["outputs"]["secretId"], item["outputs"]["versionId"])
        for urn, item in state.of_type(_VERSION).items()
    }
    if not secrets.keys() >= {PUBLIC_KEYS, SIGNING_KEYS}:
        raise DeployError(
            f"Stack {stack!r} has no keys that can be rotated.", f"Deploy it first: make deploy STACK={stack}"
        )
    return secrets


def _read(settings: Settings, secret: _Secret) -> str:
    """What the secret holds now."""
    with _explained(secret):
        return str(_vault(settings).get_secret_value(SecretId=secret.arn)["SecretString"])


def _write(settings: Settings, secret: _Secret, value: str) -> None:
    """Has the secret hold ``value``, and keep the version that the state knows."""
    if _read(settings, secret) == value:
        return
    with _explained(secret):
        vault = _vault(settings)
        stages = vault.describe_secret(SecretId=secret.arn)["VersionIdsToStages"]
        holder = next((version for version, labels in stages.items() if _KEPT in labels), None)
        if holder != secret.made:
            source = {"RemoveFromVersionId": holder} if holder else {}
            vault.update_secret_version_stage(
                SecretId=secret.arn, VersionStage=_KEPT, MoveToVersionId=secret.made, **source
            )
        vault.put_secret_value(SecretId=secret.arn, SecretString=value)


def _record(stack: LeanStack, state: StackState, secret: _Secret, public: str) -> None:
    """Notes the public set in the stack's outputs, from where the next deploy gives it to the functions."""
    outputs = dict(state.outputs)
    noted = {"made": secret.made, "jwks": public}
    if outputs.get("public_jwks") == noted:
        return
    aliases.move(
        stack,
        state,
        {name: alias.version for name, alias in state.aliases.items()},
        outputs | {"public_jwks": noted},
        message=updates.message(str(outputs["image_tag"]), "rotate-keys"),
        what="The keys are rotated, but noting it in the stack's state failed",
    )


def _vault(settings: Settings) -> "SecretsManagerClient":
    client: SecretsManagerClient = session.client(settings, "secretsmanager")
    return client


@contextmanager
def _explained(secret: _Secret) -> Iterator[None]:
    """Turns AWS's refusal into a line; it never holds the secret's value."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS does not let the keys in {secret.arn} be rotated: {error}",
            "Run this again once that is mended: what was done so far is safe.",
        ) from error
