"""The name of a sandbox."""

from typing import Final

PATTERN: Final = "[a-z0-9-]{1,64}"
"""A regular expression of all names."""
