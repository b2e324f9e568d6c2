"""One resource of every type as a program might declare it, and the same with everything changed that can be."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.infrastructure.local.plugin.driver import Engine

type Inputs = dict[str, Any]
type Make = Callable[[Engine, str], Inputs]


@dataclass(frozen=True)
class Example:
    """``make`` creates what the resource needs and returns its inputs; ``changed`` are those to update."""

    kind: str
    make: Make
    changed: Inputs
    named: bool = True


ASSUMED_BY_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
READS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": "*"}],
}
WRITES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "*"}],
}
RULES = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
            "action": {"type": "expire"},
        }
    ]
}


def a_role(engine: Engine, name: str) -> str:
    """The ARN of a role that functions may take."""
    role = engine.create("aws:iam/role:Role", {"name": name, "assumeRolePolicy": ASSUMED_BY_LAMBDA})
    return str(role["arn"])


def a_function(engine: Engine, name: str) -> Inputs:
    return {
        "name": name,
        "packageType": "Image",
        "imageUri": "localhost:4566/psn:1",
        "imageConfig": {"commands": ["main.root"]},
        "role": a_role(engine, name),
        "publish": True,
        "memorySize": 256,
        "timeout": 10,
        "architectures": ["x86_64"],
        "environment": {"variables": {"LEVEL": "INFO"}},
        "tracingConfig": {"mode": "PassThrough"},
        "loggingConfig": {
            "logFormat": "JSON",
            "logGroup": f"/aws/lambda/{name}",
            "applicationLogLevel": "INFO",
            "systemLogLevel": "WARN",
        },
        "tags": {"project": "psn"},
    }


def an_alias(engine: Engine, name: str) -> Inputs:
    function = engine.create("aws:lambda/function:Function", a_function(engine, name))
    return {"name": "live", "functionName": function["name"], "functionVersion": function["version"]}


def a_permission(engine: Engine, name: str) -> Inputs:
    alias = engine.create("aws:lambda/alias:Alias", an_alias(engine, name))
    return {
        "statementId": "api",
        "action": "lambda:InvokeFunction",
        "function": alias["functionName"],
        "principal": "apigateway.amazonaws.com",
        "qualifier": alias["name"],
        "sourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/*",
    }


def provisioned_concurrency(engine: Engine, name: str) -> Inputs:
    alias = engine.create("aws:lambda/alias:Alias", an_alias(engine, name))
    return {
        "functionName": alias["functionName"],
        "qualifier": alias["name"],
        "provisionedConcurrentExecutions": 1,
    }


def an_api(_engine: Engine, name: str) -> Inputs:
    return {
        "name": name,
        "protocolType": "HTTP",
        "corsConfiguration": {"allowOrigins": ["*"], "allowMethods": ["GET", "POST"], "maxAge": 300},
        "tags": {"ms-custom-id": f"id-{name}"},
    }


def an_api_id(engine: Engine, name: str) -> str:
    return engine.create("aws:apigatewayv2/api:Api", an_api(engine, name)).id


def a_table(_engine: Engine, name: str) -> Inputs:
    return {
        "name": name,
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "pk",
        "rangeKey": "sk",
        "attributes": [{"name": "sk", "type": "S"}, {"name": "pk", "type": "S"}],
        "ttl": {"attributeName": "expires_at", "enabled": True},
        "pointInTimeRecovery": {"enabled": True},
        "serverSideEncryption": {"enabled": True},
        "deletionProtectionEnabled": False,
        "tags": {"project": "psn"},
    }


INVOKED = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"

EXAMPLES = (
    Example(
        "aws:ecr/repository:Repository",
        lambda _, name: {
            "name": name,
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": False},
            "encryptionConfigurations": [{"encryptionType": "AES256"}],
            "forceDelete": True,
            "tags": {"a": "1"},
        },
        {
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "tags": {"b": "2"},
        },
    ),
    Example(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        lambda engine, name: {
            "repository": engine.create("aws:ecr/repository:Repository", {"name": name}).id,
            "policy": json.dumps(RULES),
        },
        {},
    ),
    Example(
        "aws:iam/role:Role",
        lambda _, name: {
            "name": name,
            "assumeRolePolicy": ASSUMED_BY_LAMBDA,
            "description": "before",
            "tags": {"a": "1"},
        },
        {
            "assumeRolePolicy": ASSUMED_BY_LAMBDA.replace("lambda", "edgelambda"),
            "description": "after",
            "maxSessionDuration": 7200,
            "tags": {"b": "2"},
        },
    ),
    Example(
        "aws:iam/rolePolicy:RolePolicy",
        lambda engine, name: {
            "name": "own",
            "role": a_role(engine, name).rpartition("/")[2],
            "policy": json.dumps(READS),
        },
        {"policy": json.dumps(WRITES)},
    ),
    Example(
        "aws:dynamodb/table:Table",
        a_table,
        {
            "ttl": {"attributeName": "expires_at", "enabled": False},
            "pointInTimeRecovery": {"enabled": False},
            "deletionProtectionEnabled": False,
            "streamEnabled": True,
            "streamViewType": "NEW_AND_OLD_IMAGES",
            "tags": {"project": "psn", "b": "2"},
        },
    ),
    Example(
        "aws:secretsmanager/secret:Secret",
        lambda _, name: {
            "name": name,
            "recoveryWindowInDays": 0,
            "description": "before",
            "tags": {"a": "1"},
        },
        {"description": "after", "tags": {"b": "2"}},
    ),
    Example(
        "aws:secretsmanager/secretVersion:SecretVersion",
        lambda engine, name: {
            "secretId": engine.create(
                "aws:secretsmanager/secret:Secret", {"name": name, "recoveryWindowInDays": 0}
            ).id,
            "secretString": "hidden",
        },
        {},
        named=False,
    ),
    Example(
        "aws:cloudwatch/logGroup:LogGroup",
        lambda _, name: {"name": name, "retentionInDays": 7, "tags": {"a": "1"}},
        {"retentionInDays": 30, "tags": {"b": "2"}},
    ),
    Example(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda _, name: {
            "name": name,
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "Errors",
            "namespace": "AWS/Lambda",
            "period": 60,
            "statistic": "Sum",
            "threshold": 0,
            "dimensions": {"FunctionName": name},
            "treatMissingData": "notBreaching",
            "alarmActions": [],
            "tags": {"a": "1"},
        },
        {
            "threshold": 2.5,
            "evaluationPeriods": 2,
            "alarmActions": ["arn:aws:sns:us-east-1:000000000000:t"],
            "okActions": ["arn:aws:sns:us-east-1:000000000000:t"],
            "alarmDescription": "too many errors",
            "tags": {"b": "2"},
        },
    ),
    Example(
        "aws:cloudwatch/dashboard:Dashboard",
        lambda _, name: {"dashboardName": name, "dashboardBody": '{"widgets": []}'},
        {"dashboardBody": '{"widgets": [{"type": "text"}]}'},
    ),
    Example(
        "aws:sns/topic:Topic",
        lambda _, name: {"name": name, "displayName": "before", "tags": {"a": "1"}},
        {"displayName": "after", "tags": {"b": "2"}},
    ),
    Example(
        "aws:lambda/function:Function",
        a_function,
        {
            "imageUri": "localhost:4566/psn:2",
            "memorySize": 512,
            "description": "after",
            "environment": {"variables": {"LEVEL": "DEBUG"}},
            "imageConfig": {"commands": ["main.other"]},
            "reservedConcurrentExecutions": 5,
            "tags": {"b": "2"},
        },
    ),
    Example("aws:lambda/alias:Alias", an_alias, {"functionVersion": "$LATEST", "description": "after"}),
    Example("aws:lambda/permission:Permission", a_permission, {}),
    Example(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        provisioned_concurrency,
        {"provisionedConcurrentExecutions": 2},
    ),
    Example(
        "aws:apigatewayv2/api:Api",
        an_api,
        {
            "description": "after",
            "corsConfiguration": {"allowOrigins": ["https://a.example"], "allowCredentials": True},
            "disableExecuteApiEndpoint": True,
        },
    ),
    Example(
        "aws:apigatewayv2/authorizer:Authorizer",
        lambda engine, name: {
            "apiId": an_api_id(engine, name),
            "name": "tokens",
            "authorizerType": "REQUEST",
            "authorizerUri": INVOKED.format("one"),
            "authorizerPayloadFormatVersion": "2.0",
            "enableSimpleResponses": True,
            "identitySources": ["$request.header.Authorization", "$context.routeKey"],
            "authorizerResultTtlInSeconds": 60,
        },
        {
            "authorizerUri": INVOKED.format("two"),
            "identitySources": ["$request.header.Authorization"],
            "authorizerResultTtlInSeconds": 0,
        },
    ),
    Example(
        "aws:apigatewayv2/integration:Integration",
        lambda engine, name: {
            "apiId": an_api_id(engine, name),
            "integrationType": "AWS_PROXY",
            "integrationUri": INVOKED.format("one"),
            "payloadFormatVersion": "2.0",
            "timeoutMilliseconds": 10_000,
        },
        {"timeoutMilliseconds": 20_000, "description": "after"},
    ),
    Example(
        "aws:apigatewayv2/route:Route",
        lambda engine, name: {
            "apiId": an_api_id(engine, name),
            "routeKey": "GET /players",
            "target": "integrations/one",
            "authorizationType": "CUSTOM",
            "authorizerId": "a",
        },
        {"target": "integrations/two", "operationName": "list"},
    ),
    Example(
        "aws:apigatewayv2/stage:Stage",
        lambda engine, name: {
            "apiId": an_api_id(engine, name),
            "name": "$default",
            "autoDeploy": True,
            "accessLogSettings": {"destinationArn": "arn:aws:logs:us-east-1:0:log-group:a", "format": "{}"},
            "defaultRouteSettings": {"throttlingBurstLimit": 10, "throttlingRateLimit": 5.5},
            "tags": {"a": "1"},
        },
        {
            "description": "after",
            "defaultRouteSettings": {"throttlingBurstLimit": 20, "throttlingRateLimit": 15},
            "stageVariables": {"a": "1"},
            "tags": {"b": "2"},
        },
    ),
)
