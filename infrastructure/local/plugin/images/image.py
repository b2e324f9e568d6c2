"""The type of images, and its lifecycle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infrastructure.local.plugin.images import context, registry
from infrastructure.local.plugin.images.build import Build, DockerEngine
from infrastructure.local.plugin.resource_type import ResourceState, ResourceType
from infrastructure.local.plugin.shapes import block, boolean, string, string_map
from infrastructure.local.plugin.values import Properties, has_unknown, mapping

_OUTPUTS: Final = ("baseImageName", "context", "dockerfile", "platform", "registryServer", "repoDigest")


@dataclass(frozen=True, kw_only=True)
class ImageType(ResourceType):
    """The engine's side of the type."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The build's settings, and the image's digest in the registry."""
        return _OUTPUTS


IMAGE: Final = ImageType(
    name="docker:index/image:Image",
    label="Docker Image",
    inputs={
        "imageName": string(required=True),
        "build": block(
            {
                "context": string(),
                "contextDigest": string(),
                "dockerfile": string(),
                "args": string_map(),
                "platform": string(),
                "target": string(),
                "builderVersion": string(choices=("BuilderV1",)),
            }
        ),
        "registry": block({"server": string()}),
        "skipPush": boolean(),
        "buildOnPreview": boolean(choices=(False,)),
    },
    outputs_changed_by=lambda _changed, _news: frozenset(_OUTPUTS),
)


class ImageLifecycle:
    """Builds and pushes images that are new or changed; a deleted one stays in its registry.

    As with the official plugin, an image's id is its name, and no change replaces it.
    """

    def __init__(self, engine: Callable[[], DockerEngine], folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def with_context_digest(self, inputs: Properties) -> Properties:
        """The inputs with the digest of the build context as it is now, where the Dockerfile exists.

        The official plugin computes it in its Check, thus after the engine has applied ``ignoreChanges``: an image
        is built anew when a file of its context has changed, whatever the program ignores.
        """
        if has_unknown(inputs.get("build")):
            return inputs
        build = mapping(inputs.get("build"))
        folder, dockerfile = (self._folder / path for path in _paths(build))
        if not dockerfile.is_file():
            return inputs
        return {**inputs, "build": {**build, "contextDigest": context.digest(folder, dockerfile)}}

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Builds and pushes, which may be done again after an interrupted run."""
        name = str(inputs["imageName"])
        return name, self._build(inputs)

    def read(self, resource: ResourceState) -> Properties | None:
        """The state's properties; ``None`` when the registry does not have a pushed image."""
        name = str(resource.get("imageName") or resource.id)
        pushed = not resource.get("skipPush")
        return None if pushed and not registry.has_image(name) else resource.properties

    def update(self, _identity: ResourceState, news: Properties, _changed: frozenset[str]) -> Properties:
        """Builds and pushes anew."""
        return self._build(news)

    def delete(self, _identity: ResourceState) -> None:
        """Does nothing: an image is deleted with its repository."""

    def _build(self, inputs: Properties) -> Properties:
        settings = mapping(inputs.get("build"))
        name = str(inputs["imageName"])
        folder, dockerfile = _paths(settings)
        build = Build(
            name=name,
            context=self._folder / folder,
            dockerfile=self._folder / dockerfile,
            arguments={key: str(value) for key, value in mapping(settings.get("args")).items()},
            platform=_optional(settings, "platform"),
            target=_optional(settings, "target"),
        )
        engine = self._engine()
        image = engine.build(build)
        digest = image if inputs.get("skipPush") else engine.push(name)
        repository = registry.parse_reference(name).repository
        return {
            **inputs,
            "baseImageName": name,
            "context": folder,
            "dockerfile": dockerfile,
            "platform": build.platform or engine.platform(),
            "registryServer": str(mapping(inputs.get("registry")).get("server", "")),
            "repoDigest": image if inputs.get("skipPush") else f"{repository}@{digest}",
        }


def _paths(build: Properties) -> tuple[str, str]:
    """The paths of the context and the Dockerfile, as the program gives them."""
    folder = str(build.get("context", "."))
    return folder, str(build.get("dockerfile", Path(folder, "Dockerfile")))


def _optional(values: Properties, name: str) -> str | None:
    return str(values[name]) if values.get(name) else None
