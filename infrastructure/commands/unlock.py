"""Lifts the lock-out of a user or a client, which begins after repeated failed logins from one address.

The failures are items of the stack's table, under keys that ``services.identity.lockout`` gives them.
"""

import difflib
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.automation import workspace
from infrastructure.cloud import session
from infrastructure.cloud.default_generations import DEFAULT
from infrastructure.commands import readiness, stack_info
from infrastructure.errors import DeployError
from infrastructure.stack import loading
from infrastructure.stack.settings import Settings

_DEFAULT = "default"
"""The sandbox of the stack itself."""

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def unlock(
    settings: Settings, *, user: str | None, client: str | None, sandbox: str, dry_run: bool
) -> list[str]:
    """Forgets the failed logins of the username ``user``, whatever its case, or of the client's id ``client``; of the
    default sandbox with those that count for the stack.

    Returns the addresses from which there were some, in order. Raises ``DeployError`` when the stack is not deployed,
    for a ``sandbox`` that there is not, and when AWS refuses.
    """
    readiness.require_aws(settings, workspace.read_state(settings).accounts)
    table = stack_info.outputs(settings)["table_name"]
    dynamodb: DynamoDBClient = session.client(settings, "dynamodb")
    try:
        account = f"#client-login#{client}" if user is None else f"#login#{user.casefold()}"
        universes = [_universe(dynamodb, table, sandbox), *([""] if sandbox == _DEFAULT else [])]
        found = {universe + account: _sources(dynamodb, table, universe + account) for universe in universes}
        sources = sorted({source for listed in found.values() for source in listed})
        if not dry_run:
            for partition, listed in found.items():
                for source in listed:
                    dynamodb.delete_item(TableName=table, Key={"pk": {"S": partition}, "sk": {"S": source}})
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"AWS refuses: {error}", session.LOG_IN) from error
    if sources and not dry_run:
        readiness.persist(settings)
    return sources


def _universe(dynamodb: "DynamoDBClient", table: str, sandbox: str) -> str:
    """What the keys of the present generation of ``sandbox`` begin with (``services.keys``)."""
    key = {"pk": {"S": f"{sandbox}#sandbox"}, "sk": {"S": "-"}}
    item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    generation = item.get("generation", {}).get("S")
    if not generation and sandbox != DEFAULT:
        raise DeployError(
            f"There is no sandbox {sandbox!r}.",
            "Name one that there is: docs/guides/sandboxes.md lists them.",
        )
    return f"{sandbox}@{generation}" if generation else sandbox


def stranger(settings: Settings, *, user: str | None, client: str | None, sandbox: str) -> str:
    """What there is to say of a name that neither the seed of the stack knows nor anybody who was registered in the
    ``sandbox`` has: which names are like it, else how many the seed knows; empty where it is known.

    Raises ``DeployError`` when the seed cannot be read.
    """
    if _is_registered(settings, user=user, client=client, sandbox=sandbox):
        return ""
    seed = loading.load_seed(settings)
    if user is None:
        kind, name, known = "client", str(client), [entry.client_id for entry in seed.clients]
    else:
        kind, name, known = "user", user.casefold(), [entry.username.casefold() for entry in seed.users]
    if name in known:
        return ""
    like = " or ".join(difflib.get_close_matches(name, known))
    return f"The seed of stack {settings.stack} has no {kind} of this name" + (
        f": did you mean {like}?" if like else f"; it has {len(known)}."
    )


def _is_registered(settings: Settings, *, user: str | None, client: str | None, sandbox: str) -> bool:
    """Whether an item of ``services.identity.account_keys`` has the name."""
    dynamodb: DynamoDBClient = session.client(settings, "dynamodb")
    table = stack_info.outputs(settings)["table_name"]
    account = f"client#{client}" if user is None else f"user#{user.casefold()}"
    key = {"pk": {"S": f"{_universe(dynamodb, table, sandbox)}#accounts"}, "sk": {"S": account}}
    return "entry_json" in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})


def _sources(dynamodb: "DynamoDBClient", table: str, partition: str) -> list[str]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ConsistentRead=True,
    )
    return [item["sk"]["S"] for page in pages for item in page["Items"]]
