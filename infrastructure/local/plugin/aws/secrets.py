"""AWS Secrets Manager: secrets and their values."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import number, set_of, string
from infrastructure.local.plugin.values import Properties, sequence

_CURRENT: Final = "AWSCURRENT"
_TAKEN: Final = ("ResourceExistsException", "InvalidRequestException")

SECRET: Final = AwsType(
    name="aws:secretsmanager/secret:Secret",
    label="Secrets Manager Secret",
    service="secretsmanager",
    inputs={
        "name": string(replaces=True, autoname=True),
        "description": string(),
        "kmsKeyId": string(),
        "recoveryWindowInDays": number(default=30, virtual=True),
        "tags": TAGS,
    },
    described_outputs={"arn": "ARN"},
    identity=("name",),
    create="create_secret",
    id=lambda _inputs, answer: str(answer["ARN"]),
    key=lambda resource: {"SecretId": resource.id or resource["name"]},
    reads=(ReadOperation(operation="describe_secret"),),
    updates=(UpdateOperation(properties=("description", "kmsKeyId"), put="update_secret"),),
    tagging=Tagging(style="pairs", target="SecretId", target_is="id"),
    delete="delete_secret",
    exists_codes=("ResourceExistsException",),
)

SECRET_VERSION: Final = AwsType(
    name="aws:secretsmanager/secretVersion:SecretVersion",
    label="Secrets Manager Secret Version",
    service="secretsmanager",
    inputs={
        "secretId": string(required=True, replaces=True),
        "secretString": string(replaces=True),
        "versionStages": set_of(string(), computed=True),
    },
    described_outputs={"arn": "ARN", "secretArn": "ARN", "versionId": "VersionId"},
    create="put_secret_value",
    id=lambda _inputs, answer: f"{answer['ARN']}|{answer['VersionId']}",
    key=lambda resource: {"SecretId": resource["secretId"], "VersionId": resource.id.partition("|")[2]},
    reads=(ReadOperation(operation="get_secret_value"),),
    missing_codes=("ResourceNotFoundException", "InvalidRequestException"),
)


class SecretLifecycle(AwsLifecycle):
    """Secrets, whose names stay taken for the recovery window after their deletion."""

    @override
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Creates the secret, or restores the one of that name that is scheduled for deletion."""
        try:
            return super().create(inputs)
        except AwsError as error:
            if error.code not in _TAKEN:
                raise
        arn = str(self.call("restore_secret", {"SecretId": inputs["name"]})["ARN"])
        return arn, self.adopt(arn, inputs)

    @override
    def describe(self, resource: ResourceState) -> Properties | None:
        """The secret; ``None`` too where it is scheduled for deletion."""
        secret = super().describe(resource)
        return None if secret is None or secret.get("DeletedDate") else secret

    @override
    def delete_parameters(self, resource: ResourceState) -> Properties:
        """With the recovery window in days; without recovery where ``recoveryWindowInDays`` is 0."""
        days = resource.get("recoveryWindowInDays")
        window: Properties = (
            {"ForceDeleteWithoutRecovery": True}
            if days == 0
            else {"RecoveryWindowInDays": 30 if days is None else days}
        )
        return super().delete_parameters(resource) | window


class SecretVersionLifecycle(AwsLifecycle):
    """Secret versions, which AWS deletes once no staging label is on them; the current one with its secret."""

    @override
    def delete(self, resource: ResourceState) -> None:
        """Removes the version's staging labels but ``AWSCURRENT``, which cannot be removed."""
        secret, version = resource["secretId"], resource.id.partition("|")[2]
        description = self.describe(resource) or {}
        for stage in sequence(description.get("VersionStages")):
            if stage != _CURRENT:
                self.call_existing(
                    "update_secret_version_stage",
                    {"SecretId": secret, "VersionStage": stage, "RemoveFromVersionId": version},
                )
