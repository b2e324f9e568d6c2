"""Amazon ECR: image repositories and their lifecycle policies."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import block, boolean, camel, json_string, list_of, string
from infrastructure.local.plugin.values import Properties

_MISSING: Final = ("RepositoryNotFoundException", "LifecyclePolicyNotFoundException")

REPOSITORY: Final = AwsType(
    name="aws:ecr/repository:Repository",
    label="ECR Repository",
    service="ecr",
    naming=camel,
    inputs={
        "name": string("repositoryName", replaces=True, autoname=True),
        "imageTagMutability": string(default="MUTABLE"),
        "imageScanningConfiguration": block(
            {"scanOnPush": boolean(required=True)}, default={"scanOnPush": False}
        ),
        "encryptionConfigurations": list_of(
            block({"encryptionType": string(default="AES256"), "kmsKey": string(computed=True)}),
            "encryptionConfiguration",
            replaces=True,
            computed=True,
            single=True,
        ),
        "forceDelete": boolean(virtual=True),
        "tags": TAGS,
    },
    described_outputs={"arn": "repositoryArn", "registryId": "registryId", "repositoryUrl": "repositoryUri"},
    identity=("name",),
    create="create_repository",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"repositoryName": resource["name"]},
    reads=(
        ReadOperation(
            operation="describe_repositories",
            path="repositories",
            where=("repositoryName", "name"),
            key=lambda resource: {"repositoryNames": [resource["name"]]},
        ),
    ),
    updates=(
        UpdateOperation(properties=("imageTagMutability",), put="put_image_tag_mutability"),
        UpdateOperation(properties=("imageScanningConfiguration",), put="put_image_scanning_configuration"),
    ),
    tagging=Tagging(
        style="pairs",
        target="resourceArn",
        target_is="arn",
        tags="tags",
        keys="tagKeys",
        list_tags="list_tags_for_resource",
    ),
    delete="delete_repository",
    exists_codes=("RepositoryAlreadyExistsException",),
    missing_codes=_MISSING,
)

LIFECYCLE_POLICY: Final = AwsType(
    name="aws:ecr/lifecyclePolicy:LifecyclePolicy",
    label="ECR Lifecycle Policy",
    service="ecr",
    naming=camel,
    inputs={
        "repository": string("repositoryName", required=True, replaces=True),
        "policy": json_string("lifecyclePolicyText", required=True, replaces=True),
    },
    described_outputs={"registryId": "registryId"},
    identity=("repository",),
    create="put_lifecycle_policy",
    id=lambda inputs, _answer: str(inputs["repository"]),
    key=lambda resource: {"repositoryName": resource["repository"]},
    reads=(ReadOperation(operation="get_lifecycle_policy"),),
    delete="delete_lifecycle_policy",
    missing_codes=_MISSING,
)


class RepositoryLifecycle(AwsLifecycle):
    """Deletes a repository that holds images only with ``forceDelete``."""

    @override
    def delete_parameters(self, resource: ResourceState) -> Properties:
        """With ``force`` where ``forceDelete`` is set."""
        return super().delete_parameters(resource) | {"force": bool(resource.get("forceDelete"))}
