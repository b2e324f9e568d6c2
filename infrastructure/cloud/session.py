"""A stack's AWS: its session, its clients, and whether its credentials are those of its account."""

import threading
from collections.abc import Set
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader

from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.tools import credentials, paths

_ADAPTIVE = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
"""Every function is asked about at once, and Lambda lets an account ask 15 times a second (AWS Lambda Developer
Guide: Lambda quotas)."""

_MAKING = threading.Lock()
"""Held while a client is made, so that threads that make theirs at once do not all parse the same descriptions."""

LOG_IN = "Log in (aws sso login, or AWS_PROFILE=…), then run this again."
"""What to do where AWS refuses the credentials."""


def session(settings: Settings) -> boto3.Session:
    """The AWS session of the stack: its region and profile; the checkout's own credential on a local stack."""
    shared = botocore.session.get_session()
    shared.register_component("data_loader", _descriptions())
    if settings.local:
        own = credentials.local_aws()
        return boto3.Session(
            own.access_key, own.secret_key, region_name=settings.region, botocore_session=shared
        )
    return boto3.Session(profile_name=settings.profile, region_name=settings.region, botocore_session=shared)


def client(settings: Settings, service: str, config: Config | None = None) -> Any:
    """The boto3 client of ``service``, such as ``lambda``, in the stack's AWS.

    On AWS it slows down where it is throttled and tries a call up to 10 times, unless ``config`` says otherwise.
    """
    with _MAKING:
        aws: Any = session(settings)
        if settings.local:
            return aws.client(service, endpoint_url=paths.aws_endpoint(), config=config)
        return aws.client(service, config=config or _ADAPTIVE)


@cache
def _descriptions() -> Loader:
    """The loader of botocore's descriptions of the services, which keeps what it has parsed for all sessions of the
    process: a session of its own would take ten times as long to make a client."""
    return create_loader()


def check_credentials(settings: Settings, accounts: Set[str] = frozenset()) -> None:
    """Raises ``DeployError`` when AWS refuses the stack's credentials, and when they are those of another account than
    its settings name or its resources are in, which are in ``accounts``."""
    try:
        identity = client(settings, "sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS refuses the credentials for stack {settings.stack!r}: {error}",
            LOG_IN,
        ) from error
    declared = {settings.account_id} if settings.account_id else set()
    if others := sorted((accounts | declared) - {identity["Account"]}):
        raise DeployError(
            f"The credentials open account {identity['Account']}, stack {settings.stack!r} is of {', '.join(others)}.",
            "Log in to that account (aws:profile, or AWS_PROFILE=…), then run this again.",
        )
