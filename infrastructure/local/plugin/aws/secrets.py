"""AWS Secrets Manager: secrets and their values."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import number, text, unordered
from infrastructure.local.plugin.values import Properties, Value, sequence

_CURRENT: Final = "AWSCURRENT"
_TAKEN: Final = ("ResourceExistsException", "InvalidRequestException")

SECRET: Final = AwsType(
    name="aws:secretsmanager/secret:Secret",
    label="Secrets Manager Secret",
    service="secretsmanager",
    inputs={
        "name": text(replaces=True, autoname=True),
        "description": text(),
        "kmsKeyId": text(),
        "recoveryWindowInDays": number(default=30, virtual=True),
        "tags": TAGS,
    },
    found={"arn": "ARN"},
    identity=("name",),
    create="create_secret",
    id=lambda _inputs, answer: str(answer["ARN"]),
    key=lambda at: {"SecretId": at.id or at["name"]},
    looks=(Look(operation="describe_secret"),),
    aspects=(Aspect(properties=("description", "kmsKeyId"), put="update_secret"),),
    tagging=Tagging(style="pairs", target="SecretId", of="id"),
    delete="delete_secret",
    existing=("ResourceExistsException",),
)

SECRET_VERSION: Final = AwsType(
    name="aws:secretsmanager/secretVersion:SecretVersion",
    label="Secrets Manager Secret Version",
    service="secretsmanager",
    inputs={
        "secretId": text(required=True, replaces=True),
        "secretString": text(replaces=True),
        "versionStages": unordered(text(), computed=True),
    },
    found={"arn": "ARN", "secretArn": "ARN", "versionId": "VersionId"},
    create="put_secret_value",
    id=lambda _inputs, answer: f"{answer['ARN']}|{answer['VersionId']}",
    key=lambda at: {"SecretId": at["secretId"], "VersionId": at.id.partition("|")[2]},
    looks=(Look(operation="get_secret_value"),),
    missing=("ResourceNotFoundException", "InvalidRequestException"),
)


class SecretLifecycle(AwsLifecycle):
    """A deleted secret lingers for its recovery window, and its name with it."""

    @override
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Makes the secret; brings back one of the same name that waits for its deletion."""
        try:
            return super().create(inputs)
        except AwsError as refused:
            if refused.code not in _TAKEN:
                raise
        arn = str(self.call("restore_secret", {"SecretId": inputs["name"]})["ARN"])
        return arn, self.adopt(arn, inputs)

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The secret, unless it waits for its deletion."""
        found = super().describe(physical)
        return None if found is None or found.get("DeletedDate") else found

    @override
    def removal(self, physical: Physical) -> Properties:
        """At once when ``recoveryWindowInDays`` is 0, else recoverable for so long."""
        days = physical.get("recoveryWindowInDays")
        window: Properties = (
            {"ForceDeleteWithoutRecovery": True}
            if days == 0
            else {"RecoveryWindowInDays": 30 if days is None else days}
        )
        return super().removal(physical) | window


class SecretVersionLifecycle(AwsLifecycle):
    """A version goes when no stage points at it; the current one goes with its secret."""

    @override
    def delete(self, physical: Physical) -> None:
        """Takes the version's stages away, except the current one, which cannot be taken."""
        version = physical.id.partition("|")[2]
        try:
            for stage in self._stages(physical):
                if stage != _CURRENT:
                    self.call(
                        "update_secret_version_stage",
                        {
                            "SecretId": physical["secretId"],
                            "VersionStage": stage,
                            "RemoveFromVersionId": version,
                        },
                    )
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise

    def _stages(self, physical: Physical) -> list[Value]:
        found = self.describe(physical) or {}
        return sequence(found.get("VersionStages"))
