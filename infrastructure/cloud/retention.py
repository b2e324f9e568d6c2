"""What old releases leave behind, deleted: published versions and images that nothing needs any more.

Needed is what is live, what the releases that the stack keeps run, and what the state says that the functions are.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.release.release import Deployed
from infrastructure.release.state import DeployedFunction, StackState
from infrastructure.stack.settings import Settings
from infrastructure.terminal import narrate

_REPOSITORY = "aws:ecr/repository:Repository"
_LATEST = "$LATEST"
_IMAGES_AT_ONCE = 100
"""The most that one BatchDeleteImage takes."""


def retain(settings: Settings, state: StackState) -> None:
    """Deletes the versions and images that no release needs any more, and says how many.

    ``state`` is that after the update. What is newer than the state knows belongs to a deploy that is
    under way elsewhere and stays. A failure is said and no error: nothing is wrong with the release, and the next
    deploy that changes something tries again.
    """
    deployed = Deployed.from_state(state)
    try:
        versions, images = _delete_versions(session.client(settings, "lambda"), state, deployed)
        count = _delete_images(session.client(settings, "ecr"), state, deployed, images)
    except (BotoCoreError, ClientError) as error:
        narrate.say(f"Old versions and images stay for now: {error}")
        return
    if versions or count:
        narrate.say(f"Deleted what no release needs any more: {versions} function versions, {count} images")


def _delete_versions(client: Any, state: StackState, deployed: Deployed) -> tuple[int, set[str]]:
    """How many versions were deleted, and the references of the images that those run which stay."""

    def clear(function: DeployedFunction) -> tuple[int, set[str]]:
        kept = {
            entry.versions[function.name] for entry in deployed.entries if function.name in entry.versions
        }
        others = {str(function.version), *_aliased(client, function.aws_name)} - kept
        spare = [
            version
            for version in _published(client, function.aws_name)
            if version not in kept | others and int(version) < function.version
        ]
        images = {
            image for version in (*others, _LATEST) for image in _images(client, function.aws_name, version)
        }
        for version in spare:
            client.delete_function(FunctionName=function.aws_name, Qualifier=version)
        return len(spare), images

    with ThreadPoolExecutor() as pool:
        cleared = list(pool.map(clear, state.functions))
    return sum(count for count, _ in cleared), set[str]().union(*(images for _, images in cleared))


def _delete_images(client: Any, state: StackState, deployed: Deployed, needed: set[str]) -> int:
    """How many images were deleted."""
    known = {entry.tag for entry in deployed.entries} | {deployed.tag, deployed.pushed} - {None}
    needed = (
        needed | {str(tag) for tag in known} | {_reference(entry.image_uri) for entry in deployed.entries}
    )
    newest = max(map(str, known), default="")
    count = 0
    for item in state.of_type(_REPOSITORY).values():
        name = item["inputs"]["name"]
        spare = [
            {"imageDigest": image["imageDigest"]}
            for page in client.get_paginator("describe_images").paginate(repositoryName=name)
            for image in page["imageDetails"]
            if image.get("imageTags")
            and needed.isdisjoint({image["imageDigest"], *image["imageTags"]})
            and max(image["imageTags"]) < newest
        ]
        for start in range(0, len(spare), _IMAGES_AT_ONCE):
            client.batch_delete_image(repositoryName=name, imageIds=spare[start : start + _IMAGES_AT_ONCE])
        count += len(spare)
    return count


def _published(client: Any, function: str) -> list[str]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return [item["Version"] for page in pages for item in page["Versions"] if item["Version"] != _LATEST]


def _aliased(client: Any, function: str) -> Iterator[str]:
    """The versions that any alias points at, be it with a share of the calls only."""
    for page in client.get_paginator("list_aliases").paginate(FunctionName=function):
        for alias in page["Aliases"]:
            yield alias["FunctionVersion"]
            yield from (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()


def _images(client: Any, function: str, version: str) -> Iterable[str]:
    """What a version's image is called: its tag, its digest, or both."""
    try:
        code = client.get_function(FunctionName=function, Qualifier=version)["Code"]
    except client.exceptions.ResourceNotFoundException:
        return ()
    return {_reference(code[key]) for key in ("ImageUri", "ResolvedImageUri") if code.get(key)}


def _reference(uri: str) -> str:
    """The digest at the end of an image's URI, or else its tag."""
    return uri.rsplit("@" if "@" in uri else ":", 1)[1]
