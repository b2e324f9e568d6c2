"""Published versions of functions, and the images that they run: made where one is missing, deleted when nothing needs
them any more.

Needed is what is live, what the releases that the stack keeps run, and what the state says that the functions are.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed
from infrastructure.release.state import DeployedFunction, StackState
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display

_REPOSITORY = "aws:ecr/repository:Repository"
_LATEST = "$LATEST"
_IMAGES_AT_ONCE = 100
"""The most that one BatchDeleteImage takes."""


def publish(settings: Settings, state: StackState) -> None:
    """Publishes a version of every function whose update was cut off before PublishVersion.

    An update changes a function and then publishes it. Cut off in between, a refresh reads the change back, the
    next update finds nothing to do, and the version before would serve for good: so this comes before a refresh.
    Of a function that is as its last version AWS makes no new one (AWS Lambda API: PublishVersion). One that is
    gone or whose change failed is left to the update that follows. Raises ``DeployError`` when AWS refuses.
    """
    names = [function.aws_name for function in state.functions]
    if not names:
        return
    client = session.client(settings, "lambda")

    def publish_one(name: str) -> None:
        try:
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
            client.publish_version(FunctionName=name)
        except WaiterError as error:
            if error.last_response.get("Error", {}).get("Code") not in {None, "ResourceNotFoundException"}:
                raise

    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(publish_one, names))
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The functions of stack {settings.stack!r} cannot be published: {error}",
            "Check that the credentials may call lambda:GetFunction and lambda:PublishVersion.",
        ) from error


def retain(settings: Settings, state: StackState) -> None:
    """Deletes the versions and images that no release needs any more, and says how many.

    ``state`` is that after the update. What is newer than it knows belongs to a deploy that is under way elsewhere
    and stays. A failure is said and no error: nothing is wrong with the release, and the next deploy that changes
    something tries again.
    """
    deployed = Deployed.from_state(state)
    try:
        versions, images = _delete_versions(session.client(settings, "lambda"), state, deployed)
        count = _delete_images(session.client(settings, "ecr"), state, deployed, images)
    except (BotoCoreError, ClientError) as error:
        display.say(f"Old versions and images stay for now: {error}")
        return
    if versions or count:
        display.say(f"Deleted what no release needs any more: {versions} function versions, {count} images")


def _delete_versions(client: Any, state: StackState, deployed: Deployed) -> tuple[int, set[str]]:
    """Deletes the versions that nothing needs: how many, and the references of the images that the others run."""

    def clear(function: DeployedFunction) -> tuple[int, set[str]]:
        name = function.aws_name
        kept = {
            entry.versions[function.name] for entry in deployed.entries if function.name in entry.versions
        }
        others = {str(function.version), *_aliased_versions(client, name)} - kept
        spare = [
            version
            for version in _published_versions(client, name)
            if version not in kept | others and int(version) < function.version
        ]
        images = set[str]().union(*(_image_references(client, name, item) for item in (*others, _LATEST)))
        for version in spare:
            client.delete_function(FunctionName=name, Qualifier=version)
        return len(spare), images

    with ThreadPoolExecutor() as pool:
        cleared = list(pool.map(clear, state.functions))
    return sum(count for count, _ in cleared), set[str]().union(*(images for _, images in cleared))


def _delete_images(client: Any, state: StackState, deployed: Deployed, needed: set[str]) -> int:
    """Deletes the images that neither a release nor one of the references ``needed`` names: how many."""
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


def _published_versions(client: Any, function: str) -> list[str]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return [item["Version"] for page in pages for item in page["Versions"] if item["Version"] != _LATEST]


def _aliased_versions(client: Any, function: str) -> Iterator[str]:
    """The versions that any alias points at, be it with a share of the calls only."""
    for page in client.get_paginator("list_aliases").paginate(FunctionName=function):
        for alias in page["Aliases"]:
            yield alias["FunctionVersion"]
            yield from (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()


def _image_references(client: Any, function: str, version: str) -> set[str]:
    """What a version's image is called: its tag, its digest, or both; nothing where there is no such version."""
    try:
        code = client.get_function(FunctionName=function, Qualifier=version)["Code"]
    except client.exceptions.ResourceNotFoundException:
        return set()
    return {_reference(code[key]) for key in ("ImageUri", "ResolvedImageUri") if code.get(key)}


def _reference(uri: str) -> str:
    """The digest at the end of an image's URI, or else its tag."""
    return uri.rsplit("@" if "@" in uri else ":", 1)[1]
