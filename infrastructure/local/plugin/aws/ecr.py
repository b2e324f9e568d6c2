"""Amazon ECR: image repositories and what they forget."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import block, camel, document, flag, many, text
from infrastructure.local.plugin.values import Properties

_MISSING: Final = ("RepositoryNotFoundException", "LifecyclePolicyNotFoundException")

REPOSITORY: Final = AwsType(
    name="aws:ecr/repository:Repository",
    label="ECR Repository",
    service="ecr",
    naming=camel,
    inputs={
        "name": text("repositoryName", replaces=True, autoname=True),
        "imageTagMutability": text(default="MUTABLE"),
        "imageScanningConfiguration": block(
            {"scanOnPush": flag(required=True)}, default={"scanOnPush": False}
        ),
        "encryptionConfigurations": many(
            block({"encryptionType": text(default="AES256"), "kmsKey": text(computed=True)}),
            "encryptionConfiguration",
            replaces=True,
            computed=True,
            single=True,
        ),
        "forceDelete": flag(virtual=True),
        "tags": TAGS,
    },
    found={"arn": "repositoryArn", "registryId": "registryId", "repositoryUrl": "repositoryUri"},
    identity=("name",),
    create="create_repository",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"repositoryName": at["name"]},
    looks=(
        Look(
            operation="describe_repositories",
            path="repositories",
            where=("repositoryName", "name"),
            key=lambda at: {"repositoryNames": [at["name"]]},
        ),
    ),
    aspects=(
        Aspect(properties=("imageTagMutability",), put="put_image_tag_mutability"),
        Aspect(properties=("imageScanningConfiguration",), put="put_image_scanning_configuration"),
    ),
    tagging=Tagging(
        style="pairs",
        target="resourceArn",
        of="arn",
        tags="tags",
        keys="tagKeys",
        look="list_tags_for_resource",
    ),
    delete="delete_repository",
    existing=("RepositoryAlreadyExistsException",),
    missing=_MISSING,
)

LIFECYCLE_POLICY: Final = AwsType(
    name="aws:ecr/lifecyclePolicy:LifecyclePolicy",
    label="ECR Lifecycle Policy",
    service="ecr",
    naming=camel,
    inputs={
        "repository": text("repositoryName", required=True, replaces=True),
        "policy": document("lifecyclePolicyText", required=True, replaces=True),
    },
    found={"registryId": "registryId"},
    identity=("repository",),
    create="put_lifecycle_policy",
    id=lambda inputs, _answer: str(inputs["repository"]),
    key=lambda at: {"repositoryName": at["repository"]},
    looks=(Look(operation="get_lifecycle_policy"),),
    delete="delete_lifecycle_policy",
    missing=_MISSING,
)


class RepositoryLifecycle(AwsLifecycle):
    """A repository that holds images goes only when the program said that it may."""

    @override
    def removal(self, physical: Physical) -> Properties:
        """Forced when ``forceDelete`` is set."""
        return super().removal(physical) | {"force": bool(physical.get("forceDelete"))}
