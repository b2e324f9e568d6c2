"""The answers of the provider protocol that take more than one field."""

from collections.abc import Callable, Iterable
from typing import Final

from pulumi.runtime.proto import provider_pb2

from infrastructure.local.plugin.checks import CheckFailure
from infrastructure.local.plugin.compare import PropertyDiff, top_level_names
from infrastructure.local.plugin.provider import ResourceDiff

_KINDS: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def check_failures(failures: Iterable[CheckFailure]) -> list[provider_pb2.CheckFailure]:
    """The failures as messages."""
    return [provider_pb2.CheckFailure(property=failure.path, reason=failure.reason) for failure in failures]


def diff_response(diff: ResourceDiff) -> provider_pb2.DiffResponse:
    """The answer to ``Diff``; the engine shows the inputs before and after at each path."""
    if not diff.properties:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=sorted(top_level_names(diff.properties)),
        replaces=[item.path for item in diff.properties if item.replaces],
        deleteBeforeReplace=diff.delete_before_replace,
        detailedDiff={item.path: _detail(item) for item in diff.properties},
        hasDetailedDiff=True,
    )


def config_diff_response(changed: list[str], replaces: Callable[[str], bool]) -> provider_pb2.DiffResponse:
    """The answer to ``DiffConfig``: the ``changed`` inputs of a provider, and those that replace it."""
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=[key for key in changed if replaces(key)],
    )


def _detail(diff: PropertyDiff) -> provider_pb2.PropertyDiff:
    # The output ``tagsAll`` is compared with the state, everything else with the inputs of the last run.
    return provider_pb2.PropertyDiff(kind=_KINDS[diff.kind, diff.replaces], inputDiff=diff.path != "tagsAll")
