"""AWS Lambda: functions, their aliases, and who may call them."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.shapes import Property, block, flag, many, number, table, text
from infrastructure.local.plugin.values import Properties

CONFIGURATION: Final[dict[str, Property]] = {
    "role": text(required=True),
    "description": text(),
    "memorySize": number(default=128),
    "timeout": number(default=3),
    "environment": block({"variables": table()}),
    "imageConfig": block(
        {
            "commands": many(text(), "Command"),
            "entryPoints": many(text(), "EntryPoint"),
            "workingDirectory": text(),
        }
    ),
    "tracingConfig": block({"mode": text(required=True)}, computed=True),
    "loggingConfig": block(
        {
            "logFormat": text(required=True),
            "logGroup": text(computed=True),
            "applicationLogLevel": text(computed=True),
            "systemLogLevel": text(computed=True),
        },
        computed=True,
    ),
    "ephemeralStorage": block({"size": number(computed=True)}, computed=True),
}
"""What ``UpdateFunctionConfiguration`` sets."""

CODE: Final[dict[str, Property]] = {
    "imageUri": text(required=True),
    "architectures": many(text(), computed=True),
}
"""What ``UpdateFunctionCode`` sets."""

VERSION_OUTPUTS: Final = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn", "lastModified"})
"""The outputs that a newly published version changes."""


def publishes(changed: frozenset[str], news: Properties) -> bool:
    """Whether an update of the inputs ``changed`` makes a new version."""
    return bool(news.get("publish")) and bool(changed & {*CONFIGURATION, *CODE, "publish"})


def invoke_arn(region: str, arn: str) -> str:
    """The URI under which API Gateway calls a function, version or alias."""
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


FUNCTION: Final = AwsType(
    name="aws:lambda/function:Function",
    label="Lambda Function",
    service="lambda",
    inputs={
        "name": text("FunctionName", replaces=True, autoname=True),
        "packageType": text(required=True, replaces=True, choices=("Image",)),
        **CODE,
        **CONFIGURATION,
        "publish": flag(virtual=True),
        "reservedConcurrentExecutions": number(default=-1),
        "tags": TAGS,
    },
    found={
        "arn": "FunctionArn",
        "version": "PublishedVersion",
        "codeSha256": "CodeSha256",
        "sourceCodeSize": "CodeSize",
        "lastModified": "LastModified",
    },
    derived={
        "invokeArn": lambda cloud, at, _: invoke_arn(cloud.region, at["arn"]),
        "qualifiedArn": lambda _cloud, at, _: f"{at['arn']}:{at['version']}",
        "qualifiedInvokeArn": lambda cloud, at, _: invoke_arn(cloud.region, f"{at['arn']}:{at['version']}"),
    },
    identity=("name",),
    unsettled=lambda changed, news: VERSION_OUTPUTS if publishes(changed, news) else frozenset(),
    create="create_function",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"FunctionName": at["name"]},
    looks=(Look(operation="get_function"),),
    aspects=(
        Aspect(properties=tuple(CONFIGURATION), put="update_function_configuration"),
        Aspect(properties=tuple(CODE), put="update_function_code"),
        Aspect(
            properties=("reservedConcurrentExecutions",),
            put="put_function_concurrency",
            drop="delete_function_concurrency",
            after=True,
        ),
    ),
    tagging=Tagging(style="map", target="Resource", of="arn"),
    delete="delete_function",
    existing=("ResourceConflictException",),
)

ALIAS: Final = AwsType(
    name="aws:lambda/alias:Alias",
    label="Lambda Alias",
    service="lambda",
    inputs={
        "name": text(replaces=True, autoname=True),
        "functionName": text(required=True, replaces=True),
        "functionVersion": text(required=True),
        "description": text(),
    },
    found={"arn": "AliasArn"},
    derived={"invokeArn": lambda cloud, at, _: invoke_arn(cloud.region, at["arn"])},
    identity=("functionName", "name"),
    create="create_alias",
    id=lambda _inputs, answer: str(answer["AliasArn"]),
    key=lambda at: {"FunctionName": at["functionName"], "Name": at["name"]},
    looks=(Look(operation="get_alias"),),
    aspects=(Aspect(properties=("functionVersion", "description"), put="update_alias"),),
    delete="delete_alias",
    existing=("ResourceConflictException",),
)

PERMISSION: Final = AwsType(
    name="aws:lambda/permission:Permission",
    label="Lambda Permission",
    service="lambda",
    inputs={
        "statementId": text(replaces=True, autoname=True),
        "function": text("FunctionName", required=True, replaces=True),
        "action": text(required=True, replaces=True),
        "principal": text(required=True, replaces=True),
        "qualifier": text(replaces=True),
        "sourceArn": text(replaces=True),
        "sourceAccount": text(replaces=True),
    },
    identity=("function", "qualifier", "statementId"),
    create="add_permission",
    id=lambda inputs, _answer: str(inputs["statementId"]),
    key=lambda at: {
        "FunctionName": at["function"],
        "StatementId": at["statementId"],
        **({"Qualifier": at["qualifier"]} if at.get("qualifier") else {}),
    },
    looks=(Look(operation="get_policy", path="Policy"),),
    delete="remove_permission",
    existing=("ResourceConflictException",),
)

PROVISIONED_CONCURRENCY: Final = AwsType(
    name="aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
    label="Lambda Provisioned Concurrency",
    service="lambda",
    inputs={
        "functionName": text(required=True, replaces=True),
        "qualifier": text(required=True, replaces=True),
        "provisionedConcurrentExecutions": number(required=True),
    },
    identity=("functionName", "qualifier"),
    create="put_provisioned_concurrency_config",
    id=lambda inputs, _answer: f"{inputs['functionName']},{inputs['qualifier']}",
    key=lambda at: {"FunctionName": at["functionName"], "Qualifier": at["qualifier"]},
    looks=(Look(operation="get_provisioned_concurrency_config"),),
    aspects=(
        Aspect(
            properties=("provisionedConcurrentExecutions",),
            put="put_provisioned_concurrency_config",
            whole=True,
        ),
    ),
    delete="delete_provisioned_concurrency_config",
    missing=("ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException"),
)

INVOCATION: Final = AwsType(
    name="aws:lambda/invocation:Invocation",
    label="Lambda Invocation",
    service="lambda",
    inputs={
        "functionName": text(required=True, replaces=True),
        "qualifier": text(replaces=True, default="$LATEST"),
        "input": text(required=True, replaces=True),
        "triggers": table(replaces=True),
        "lifecycleScope": text(default="CREATE_ONLY", choices=("CREATE_ONLY",)),
    },
    found={"result": "Payload"},
    create="invoke",
    id=lambda inputs, _answer: f"{inputs['functionName']}_{inputs.get('qualifier', '$LATEST')}",
    key=lambda at: {"FunctionName": at["functionName"]},
)
