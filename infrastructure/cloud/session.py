"""The AWS of a stack: its credentials, and its clients."""

from collections.abc import Set
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.tools import paths

_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
"""Every function is asked about at once, and Lambda lets an account ask 15 times a second (AWS Lambda Developer
Guide: Lambda quotas)."""

LOG_IN = "Log in (aws sso login, or AWS_PROFILE=…), then run this again."
"""What to do where AWS refuses the credentials."""


def session(settings: Settings) -> boto3.Session:
    """The AWS session of the stack: its region and profile; fixed test credentials on a local stack."""
    if settings.local:
        return boto3.Session("test", "test", region_name=settings.region)
    return boto3.Session(profile_name=settings.profile, region_name=settings.region)


def client(settings: Settings, service: str, config: Config | None = None) -> Any:
    """The boto3 client of ``service``, such as ``lambda``, in the AWS of the stack.

    On AWS it waits and asks again up to 10 times where AWS throttles it, unless ``config`` says otherwise.
    """
    opened: Any = session(settings)
    if settings.local:
        return opened.client(service, endpoint_url=paths.aws_endpoint(), config=config)
    return opened.client(service, config=config or _PATIENT)


def check_credentials(settings: Settings, accounts: Set[str] = frozenset()) -> None:
    """Raises ``DeployError`` when the stack's credentials open no AWS account, or another than it belongs to: by its
    file, or because its resources are in these ``accounts``."""
    try:
        identity = client(settings, "sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS refuses the credentials for stack {settings.stack!r}: {error}",
            LOG_IN,
        ) from error
    named = {settings.account_id} if settings.account_id else set()
    if others := sorted((accounts | named) - {identity["Account"]}):
        raise DeployError(
            f"The credentials open account {identity['Account']}, stack {settings.stack!r} is of {', '.join(others)}.",
            "Log in to that account (aws:profile, or AWS_PROFILE=…), then run this again.",
        )
