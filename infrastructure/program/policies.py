"""The policies of the functions' roles: exact actions on exact resources."""

import json
from collections.abc import Iterable, Sequence

import pulumi

from infrastructure.stack.names import INDEXES

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
    table_actions: Iterable[str],
    table_arn: pulumi.Input[str],
    secret_arns: Sequence[pulumi.Input[str]],
    *,
    tracing: bool,
    kms_key: str | None = None,
) -> pulumi.Output[str]:
    """The policy of one function as JSON: its own log, its table actions, its secrets.

    ``table_actions`` are DynamoDB's operations such as ``GetItem``. A function without any has no statement about
    the table; likewise for the secrets. Who has either may decrypt by
    ``kms_key``, which they are encrypted with. Who may query the table may query its indexes, of the same items.
    """
    statements: list[dict[str, object]] = [
        _allow(
            "OwnLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            # Lambda names the streams itself, one for each of the function's environments.
            pulumi.Output.concat(log_group_arn, ":log-stream:*"),
        )
    ]
    if actions := sorted(f"dynamodb:{action}" for action in table_actions):
        statements.append(_allow("Table", actions, table_arn))
    if "dynamodb:Query" in actions:
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
