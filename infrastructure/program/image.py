"""The image of a release and the repository it is kept in."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
from pulumi.resource import DependencyProviderResource

from infrastructure.errors import DeployError
from infrastructure.release.origin import Origin
from infrastructure.release.release import Release
from infrastructure.stack.settings import Settings
from infrastructure.tools import certificates, paths

_CONTEXT = ".."
"""The build context as seen from this folder: a relative path, because it is part of what is compared, and an
absolute one differs from machine to machine."""


class Images(pulumi.ComponentResource):
    """The repository of the stack's images, and the image of one release in it.

    The image is built and pushed, or copied from another stack's repository, when the release asks for it. Otherwise
    the one that was built last is declared as it was, and excluded from the update (``automation.targets``). ``uri`` is
    the reference that functions are made of, ``image`` what they wait for; ``None`` where the stack never built one.
    An image that a later release replaces stays in the repository, so a rollback finds it.
    """

    uri: pulumi.Output[str]
    repository_url: pulumi.Output[str]
    image: docker.Image | None

    def __init__(
        self,
        settings: Settings,
        release: Release,
        provide_image: Callable[[], None],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("psn-emulator:image:Images", "images", None, opts)
        repository = self._repository(settings)
        self.repository_url = (
            pulumi.Output.concat(f"localhost:{paths.aws_port()}/", repository.name)
            if settings.local
            else repository.repository_url
        )
        self.uri = pulumi.Output.concat(self.repository_url, ":", release.tag)
        if release.to_copy and not pulumi.runtime.is_dry_run():
            self.uri = self.uri.apply(lambda uri: _after(provide_image, uri))
        is_declared = release.to_build or release.before.pushed
        self.image = self._image(settings, release, provide_image, repository) if is_declared else None
        # Known once the image is pushed, for an update that goes on where this one may fail.
        pushed = self.image.image_name if self.image else pulumi.Output.from_input(None)
        built = pushed.apply(lambda _: {"tag": release.tag, **asdict(release.origin)})
        self.register_outputs({"uri": self.uri, "built": built})

    def _repository(self, settings: Settings) -> aws.ecr.Repository:
        repository = aws.ecr.Repository(
            "repository",
            name=settings.names.base,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "KMS", "kms_key": settings.kms_key}
                if settings.kms_key
                else {"encryption_type": "AES256"}
            ],
            force_delete=not settings.deletion_protection,
            tags=settings.names.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.deletion_protection),
        )
        aws.ecr.LifecyclePolicy(
            "repository-lifecycle",
            repository=repository.name,
            policy=lifecycle_policy(settings.untagged_image_days),
            # A changed policy is a replacement, and a repository has one policy: deleting the old one last would
            # delete the new one.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        return repository

    def _image(
        self,
        settings: Settings,
        release: Release,
        provide_image: Callable[[], None],
        repository: aws.ecr.Repository,
    ) -> docker.Image:
        if release.to_build and not pulumi.runtime.is_dry_run():
            provide_image()
        provider = "" if release.to_build else release.before.image_provider
        return docker.Image(
            "image",
            image_name=self.uri,
            build={
                "context": _CONTEXT,
                "dockerfile": f"{_CONTEXT}/Dockerfile",
                "platform": settings.platform,
                "args": build_arguments(
                    release.base_image,
                    release.tag,
                    release.origin,
                    certificates.extra_authorities() if release.to_build else "",
                ),
            },
            build_on_preview=False,
            skip_push=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[repository],
                retain_on_delete=True,
                # What an update excludes has to have the provider of the state, whose name has the plugin's version.
                provider=DependencyProviderResource(provider) if provider else None,
                ignore_changes=None
                if release.to_build
                else ["build", "buildOnPreview", "imageName", "registry", "skipPush"],
            ),
        )


async def _after(provide_image: Callable[[], None], uri: str) -> str:
    """``uri``, when ``provide_image`` has returned. It runs in a thread, so that the engine is answered meanwhile."""
    try:
        await asyncio.to_thread(provide_image)
    except DeployError as error:
        raise pulumi.RunError(error.line) from error
    return uri


def build_arguments(base_image: str, tag: str, origin: Origin, authorities: str) -> dict[str, str]:
    """The Dockerfile's arguments: the image to start from, the tag and the label of the release, and in PEM the
    certificates of the authorities that this machine trusts beyond the well-known ones."""
    return {
        "BASE_IMAGE": base_image,
        "IMAGE_TAG": tag,
        "RELEASE": origin.label,
        "CA_CERTIFICATES": authorities,
    }


def lifecycle_policy(untagged_days: int) -> str:
    """The repository's lifecycle policy.

    It expires images without a tag and nothing else. Every release has a tag, tags are immutable, and any count
    or age of tagged images could reach one that a function runs or a rollback needs.
    """
    rule = {
        "rulePriority": 1,
        "description": f"Without a tag for {untagged_days} days: left over from a push, no release",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": untagged_days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
