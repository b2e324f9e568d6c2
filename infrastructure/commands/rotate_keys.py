"""Rotates the keys that sign tokens, while clients log in and call: no valid token fails, no function is deployed.

The public set is written first, then the private one. A public key that a rotation wrote that was cut off in between
is dropped by the next one: there is no private key to it, so it never signed anything.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.automation import aliases, exclusion, update_message, workspace
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import session
from infrastructure.commands import key_schedule, readiness
from infrastructure.commands.key_schedule import KeySchedule
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState, resource_name
from infrastructure.stack.loading import longest_access_token_seconds
from infrastructure.stack.names import PUBLIC_KEYS, SIGNING_KEYS
from infrastructure.stack.settings import Settings
from seeding import signing_keys

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
_LABEL = "made-by-the-program"
"""The staging label of the version that the stack's state knows: without one, Secrets Manager deletes it in time, and
the program would make new keys in its place."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """A secret that holds a set of keys: its ARN, and the id of its first version, which the stack's state knows."""

    arn: str
    first_version: str


def preview(settings: Settings, *, now: bool) -> KeySchedule:
    """The schedule that a rotation would follow. Raises ``DeployError`` as :func:`rotate` does."""
    state = workspace.read_state(settings)
    secrets = _secrets(settings.stack, state)
    readiness.require_aws(settings, state.accounts)
    return _new_schedule(settings, state, _secret_value(settings, secrets[SIGNING_KEYS]), now=now)


def rotate(settings: Settings, *, now: bool) -> KeySchedule:
    """Adds a key, and schedules the removal of the one before for when its tokens have expired; the schedule. With
    ``now`` the new key signs as soon as every function knows it, else when every client does too.

    Goes on with a rotation whose key does not sign yet. Raises ``DeployError`` when the stack has no keys that can be
    rotated, and when AWS refuses.
    """
    _secrets(
        settings.stack, workspace.read_state(settings)
    )  # nothing is started for a stack that has no keys
    readiness.prepare_aws(settings)
    with exclusion.exclusive(settings.stack), workspace.open_stack(settings, may_create=False) as stack:
        workspace.recover(stack)
        state = stack.state()
        secrets = _secrets(settings.stack, state)
        before = _secret_value(settings, secrets[SIGNING_KEYS])
        schedule = _new_schedule(settings, state, before, now=now)
        private = signing_keys.key_set(schedule.keys)
        public = signing_keys.public_set(private)
        _put_secret_value(settings, secrets[PUBLIC_KEYS], public)
        _put_secret_value(settings, secrets[SIGNING_KEYS], private)
        if _secret_value(settings, secrets[PUBLIC_KEYS]) != public:
            raise DeployError("Another rotation went on at the same time.", "Run this again: it mends that.")
        _record_public_keys(stack, state, secrets[SIGNING_KEYS], public)
        readiness.persist(settings)
    return schedule


def add_missing_key(stack: LeanStack) -> bool:
    """Adds the key of ID tokens to a deployed stack that has none, as an older release made it; whether it did.

    The keys that are there stay as they are. Raises ``DeployError`` when AWS refuses.
    """
    settings, state = stack.settings, stack.state()
    known = signing_keys.keys_in((state.outputs.get("public_jwks") or {"jwks": '{"keys":[]}'})["jwks"])
    if len({key["alg"] for key in known}) != 1:
        return False
    secrets = _secrets(settings.stack, state)
    keys = signing_keys.keys_in(_secret_value(settings, secrets[SIGNING_KEYS]))
    if not any("signs" in key for key in keys):
        keys.append(signing_keys.new_id_token_key(settings.signing_algorithm))
    private = signing_keys.key_set(keys)
    public = signing_keys.public_set(private)
    _put_secret_value(settings, secrets[PUBLIC_KEYS], public)
    _put_secret_value(settings, secrets[SIGNING_KEYS], private)
    _record_public_keys(stack, state, secrets[SIGNING_KEYS], public)
    return True


def _new_schedule(settings: Settings, state: StackState, private: str, *, now: bool) -> KeySchedule:
    """The rotation of both kinds of keys, of ID tokens' only where a deploy has added one.

    That of ID tokens signs a second earlier: a release that knows one kind only, and is rolled back to, signs by
    the key that came last.
    """
    keys = signing_keys.keys_in(private)
    at = int(time.time())
    lead = key_schedule.SOON_SECONDS if now else key_schedule.LEAD_SECONDS
    token_seconds = max(
        settings.access_token_seconds,
        _deployed_seconds(state, "ACCESS_TOKEN_SECONDS"),
        longest_access_token_seconds(settings),
    )
    session_seconds = max(
        settings.browser_session_seconds, _deployed_seconds(state, "BROWSER_SESSION_SECONDS")
    )
    id_token_keys = [key for key in keys if "signs" in key]
    of_access_tokens = key_schedule.schedule_rotation(
        [key for key in keys if "signs" not in key],
        partial(signing_keys.new_key, settings.signing_algorithm),
        at=at,
        lead=lead,
        token_seconds=token_seconds,
        session_seconds=session_seconds,
    )
    if not id_token_keys:
        return of_access_tokens
    of_id_tokens = key_schedule.schedule_rotation(
        id_token_keys,
        partial(signing_keys.new_id_token_key, settings.signing_algorithm),
        at=at,
        lead=lead - 1,
        token_seconds=token_seconds,
        session_seconds=session_seconds,
    )
    return KeySchedule(
        (*of_id_tokens.keys, *of_access_tokens.keys),
        (*of_id_tokens.dropped, *of_access_tokens.dropped),
        of_access_tokens.begun,
    )


def _deployed_seconds(state: StackState, variable: str) -> int:
    """How many seconds a ``variable`` of the deployed functions says, which the settings may not say any more."""
    return max((int(item.variables.get(variable, 0)) for item in state.functions), default=0)


def _secrets(stack: str, state: StackState) -> Mapping[str, _Secret]:
    """The secrets that hold keys, by name. Raises ``DeployError`` when the state has none."""
    secrets = {
        resource_name(urn): _Secret(item["outputs"]["secretId"], item["outputs"]["versionId"])
        for urn, item in state.of_type(_VERSION).items()
    }
    if not secrets.keys() >= {PUBLIC_KEYS, SIGNING_KEYS}:
        raise DeployError(
            f"Stack {stack!r} has no keys that can be rotated.", f"Deploy it first: make deploy STACK={stack}"
        )
    return secrets


def _secret_value(settings: Settings, secret: _Secret) -> str:
    """The current value of the secret."""
    with _translate_errors(secret):
        return str(_secrets_client(settings).get_secret_value(SecretId=secret.arn)["SecretString"])


def _put_secret_value(settings: Settings, secret: _Secret, value: str) -> None:
    """Makes ``value`` the secret's current one, and labels its first version so that it is not deleted."""
    if _secret_value(settings, secret) == value:
        return
    with _translate_errors(secret):
        vault = _secrets_client(settings)
        stages = vault.describe_secret(SecretId=secret.arn)["VersionIdsToStages"]
        holder = next((version for version, labels in stages.items() if _LABEL in labels), None)
        if holder != secret.first_version:
            source = {"RemoveFromVersionId": holder} if holder else {}
            vault.update_secret_version_stage(
                SecretId=secret.arn, VersionStage=_LABEL, MoveToVersionId=secret.first_version, **source
            )
        vault.put_secret_value(SecretId=secret.arn, SecretString=value)


def _record_public_keys(stack: LeanStack, state: StackState, secret: _Secret, public: str) -> None:
    """Writes the public set into the stack's outputs, from where the next deploy gives it to the functions."""
    outputs = dict(state.outputs)
    record = {"made": secret.first_version, "jwks": public}
    if outputs.get("public_jwks") == record:
        return
    aliases.move(
        stack,
        state,
        {name: alias.version for name, alias in state.aliases.items()},
        outputs | {"public_jwks": record},
        message=update_message.update_message(str(outputs["image_tag"]), "rotate-keys"),
        failure="The keys are rotated, but noting it in the stack's state failed",
    )


def _secrets_client(settings: Settings) -> "SecretsManagerClient":
    client: SecretsManagerClient = session.client(settings, "secretsmanager")
    return client


@contextmanager
def _translate_errors(secret: _Secret) -> Iterator[None]:
    """Turns botocore's exceptions into a ``DeployError``, which never has the secret's value in it."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS does not let the keys in {secret.arn} be rotated: {error}",
            "Run this again once that is mended: what was done so far is safe.",
        ) from error
