"""The form in which a release keeps what is in the table: which keys and attributes its items have.

``infrastructure.cloud.table_forms`` brings a table from one form into another. A release that reads or writes other
keys than the one before gets a form of its own there, and here its number.
"""

FORM = 2
"""The form of the release that this tree makes."""

FIRST = 1
"""The form of a release that says nothing of its own."""
