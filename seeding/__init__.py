"""What a stack begins with: keys, users and clients. The Pulumi program and ``serve`` make them by the same rules."""

from typing import Literal

SigningAlgorithm = Literal["ES256", "RS256"]
"""What a key signs with (RFC 7518 section 3.1)."""
