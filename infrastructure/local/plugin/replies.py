"""Answers to the engine that say what differs or what is refused."""

from collections.abc import Callable, Iterable
from typing import Final

from pulumi.runtime.proto import provider_pb2

from infrastructure.local.plugin.checks import Failure
from infrastructure.local.plugin.compare import Change
from infrastructure.local.plugin.session import Difference

_KINDS: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def failures(found: Iterable[Failure]) -> list[provider_pb2.CheckFailure]:
    """What a check refuses."""
    return [provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in found]


def difference(found: Difference) -> provider_pb2.DiffResponse:
    """The changes by property path; the engine shows the inputs before and after at each."""
    if not found.changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=_unique(change.path for change in found.changes),
        replaces=[change.path for change in found.changes if change.replaces],
        deleteBeforeReplace=found.delete_first,
        detailedDiff={change.path: _detail(change) for change in found.changes},
        hasDetailedDiff=True,
    )


def configuration_difference(
    changed: list[str], replaces: Callable[[str], bool]
) -> provider_pb2.DiffResponse:
    """The changed keys of a provider's configuration, and those of them that replace it."""
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=[key for key in changed if replaces(key)],
    )


def _detail(change: Change) -> provider_pb2.PropertyDiff:
    # An output (``tagsAll``) is compared with the state, everything else with the inputs of the last run.
    return provider_pb2.PropertyDiff(
        kind=_KINDS[change.kind, change.replaces], inputDiff=change.path != "tagsAll"
    )


def _unique(paths: Iterable[str]) -> list[str]:
    return sorted({path.split(".")[0].split("[")[0] for path in paths})
