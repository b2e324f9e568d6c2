"""AWS clients: plain botocore, made on first use, one per service and process.

boto3 would add to every cold start and give only its resources, which nothing here uses. Region, credentials
and endpoint come from the standard ``AWS_`` variables.
"""

from functools import cache
from typing import Any

_CONNECT_SECONDS = 1
_READ_SECONDS = 2
_CALLS = 3
"""Attempts a call; with these time-outs the worst case stays under a function's ten seconds."""


@cache
def client(service: str) -> Any:
    """The client of ``service`` such as ``dynamodb``; botocore's clients may be shared by threads."""
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _CALLS},
    )
    return get_session().create_client(service, config=config)
