"""The keys of the table: every partition key begins with the universe that its item belongs to.

A universe is one generation of a sandbox: ``<sandbox>@<generation>``, and ``default`` alone is the default sandbox
before its first reset. Names of sandboxes are of ``[a-z0-9-]``, so no universe is another's beginning.
"""

from utils.sandbox import Sandbox
from utils.writes import Key

ALONE = "-"
"""The sort key of an item that has its partition to itself."""


def partition(sandbox: Sandbox, *names: str) -> str:
    """The partition key ``<universe>#<name>#…``; the first name says what its items are."""
    return "#".join((sandbox.universe, *names))


def alone(sandbox: Sandbox, *names: str) -> Key:
    """The key of the one item of a partition."""
    return partition(sandbox, *names), ALONE
