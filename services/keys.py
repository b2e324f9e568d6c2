"""The keys of the table: every partition key begins with the universe that its item belongs to.

A universe is one generation of a sandbox: ``<sandbox>`` is generation 0, ``<sandbox>@<n>`` generation n. Names of
sandboxes are of ``[a-z0-9-]``, so no universe is another's beginning. What takes a ``sandbox`` and makes keys of it
takes a universe: as long as every sandbox is in generation 0, the two are the same text.
"""

from utils.writes import Key

ALONE = "-"
"""The sort key of an item that has its partition to itself."""


def partition(universe: str, *names: str) -> str:
    """The partition key ``<universe>#<name>#…``; the first name says what its items are."""
    return "#".join((universe, *names))


def alone(universe: str, *names: str) -> Key:
    """The key of the one item of a partition."""
    return partition(universe, *names), ALONE
