"""The image resource: what a program says of it, and its lifecycle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infrastructure.local.plugin.images import context, registry
from infrastructure.local.plugin.images.build import Build, Engine
from infrastructure.local.plugin.resource_type import Physical, ResourceType
from infrastructure.local.plugin.shapes import block, flag, table, text
from infrastructure.local.plugin.values import Properties, has_unknown, mapping

_OUTPUTS: Final = ("baseImageName", "context", "dockerfile", "platform", "registryServer", "repoDigest")


@dataclass(frozen=True, kw_only=True)
class ImageType(ResourceType):
    """The type of images."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Where it was built from, and its digest in the registry."""
        return _OUTPUTS


IMAGE: Final = ImageType(
    name="docker:index/image:Image",
    label="Docker Image",
    inputs={
        "imageName": text(required=True),
        "build": block(
            {
                "context": text(),
                "contextDigest": text(),
                "dockerfile": text(),
                "args": table(),
                "platform": text(),
                "target": text(),
                "builderVersion": text(choices=("BuilderV1",)),
            }
        ),
        "registry": block({"server": text()}),
        "skipPush": flag(),
        "buildOnPreview": flag(choices=(False,)),
    },
    unsettled=lambda _changed, _news: frozenset(_OUTPUTS),
)


class ImageLifecycle:
    """An image is built and pushed when it is new or changed; a removed one stays in the registry.

    As with the official plugin, an image's id is its name, and none of its changes replaces it.
    """

    def __init__(self, engine: Callable[[], Engine], folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def completed(self, inputs: Properties) -> Properties:
        """The inputs with the digest of what the build would be given now.

        The official plugin computes it in its Check, thus after the engine has applied ``ignoreChanges``: an image
        that is checked is built anew when a file of its context has changed, whatever the program ignores.
        """
        if has_unknown(inputs.get("build")):
            return inputs
        build = mapping(inputs.get("build"))
        folder, dockerfile = (self._folder / place for place in _places(build))
        if not dockerfile.is_file():
            return inputs
        return {**inputs, "build": {**build, "contextDigest": context.digest(folder, dockerfile)}}

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Builds and pushes; both are harmless to do again after a run that was cut off."""
        name = str(inputs["imageName"])
        return name, self._built(inputs)

    def read(self, physical: Physical) -> Properties | None:
        """What the state says, while a pushed image is in its registry."""
        name = str(physical.get("imageName") or physical.id)
        pushed = not physical.get("skipPush")
        return None if pushed and not registry.holds(name) else physical.properties

    def update(self, _physical: Physical, news: Properties, _changed: frozenset[str]) -> Properties:
        """Builds and pushes anew."""
        return self._built(news)

    def delete(self, _physical: Physical) -> None:
        """Nothing: an image goes with its repository."""

    def _built(self, inputs: Properties) -> Properties:
        wanted = mapping(inputs.get("build"))
        name = str(inputs["imageName"])
        folder, dockerfile = _places(wanted)
        build = Build(
            name=name,
            context=self._folder / folder,
            dockerfile=self._folder / dockerfile,
            arguments={key: str(value) for key, value in mapping(wanted.get("args")).items()},
            platform=_optional(wanted, "platform"),
            target=_optional(wanted, "target"),
        )
        engine = self._engine()
        image = engine.build(build)
        digest = image if inputs.get("skipPush") else engine.push(name)
        repository = registry.reference(name).repository
        return {
            **inputs,
            "baseImageName": name,
            "context": folder,
            "dockerfile": dockerfile,
            "platform": build.platform or engine.platform(),
            "registryServer": str(mapping(inputs.get("registry")).get("server", "")),
            "repoDigest": image if inputs.get("skipPush") else f"{repository}@{digest}",
        }


def _places(build: Properties) -> tuple[str, str]:
    """Where the context and the Dockerfile are, as the program says it."""
    folder = str(build.get("context", "."))
    return folder, str(build.get("dockerfile", Path(folder, "Dockerfile")))


def _optional(values: Properties, name: str) -> str | None:
    return str(values[name]) if values.get(name) else None
