"""The policies of the functions' roles: exact actions on exact resources."""

import json
from collections.abc import Sequence

import pulumi

from infrastructure.stack.names import INDEXES
from infrastructure.stack.permissions import Permissions

ASSUME_BY_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
"""The trust policy of every function's role."""


def function_policy(
    log_group_arn: pulumi.Input[str],
    permissions: Permissions,
    table_arn: pulumi.Input[str],
    secret_arns: Sequence[pulumi.Input[str]],
    *,
    tracing: bool,
    kms_key: str | None = None,
) -> pulumi.Output[str]:
    """The policy of one function as JSON: its own log, its table actions, its secrets.

    A function without any table action in its ``permissions`` has no statement about the table; likewise for the
    secrets, which are those of ``secret_arns``. Who has either may decrypt by ``kms_key``, which they are encrypted
    with. Who may query the table may query its indexes, of the same items, unless it is the table alone.
    """
    statements: list[dict[str, object]] = [
        _allow(
            "OwnLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            # Lambda names the streams itself, one for each of the function's environments.
            pulumi.Output.concat(log_group_arn, ":log-stream:*"),
        )
    ]
    if actions := sorted(f"dynamodb:{action}" for action in permissions.table):
        statements.append(_allow("Table", actions, table_arn))
    if "Query" in permissions.table - permissions.table_alone:
        indexes = [pulumi.Output.concat(table_arn, "/index/", name) for name in INDEXES]
        statements.append(_allow("Indexes", ["dynamodb:Query"], indexes))
    if secret_arns:
        statements.append(_allow("Secrets", ["secretsmanager:GetSecretValue"], list(secret_arns)))
    if kms_key and (actions or secret_arns):
        # DynamoDB uses the key in the name of who calls it ("Encryption at rest" in its guide), Secrets Manager too.
        statements.append(_allow("Key", ["kms:Decrypt"], kms_key))
    if tracing:
        # X-Ray knows no finer resource for these (Service Authorization Reference, AWS X-Ray).
        statements.append(_allow("Traces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"))
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(
    sid: str, actions: list[str], resource: pulumi.Input[str] | Sequence[pulumi.Input[str]]
) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
