"""The rules, over a deployed API."""

from tests.support.rules import rules


class TestUniqueness(rules.Uniqueness):
    """Of usernames and addresses."""


class TestCounting(rules.Counting):
    """Of results."""


class TestVersions(rules.Versions):
    """Of what is changed."""


class TestOnce(rules.Once):
    """Requests with an ``Idempotency-Key``."""


class TestListing(rules.Listing):
    """Of players."""
