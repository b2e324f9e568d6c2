"""AWS Lambda: functions, aliases, permissions, provisioned concurrency and invocations."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.shapes import Property, block, boolean, list_of, number, string, string_map
from infrastructure.local.plugin.values import Properties

CONFIGURATION: Final[dict[str, Property]] = {
    "role": string(required=True),
    "description": string(),
    "memorySize": number(default=128),
    "timeout": number(default=3),
    "environment": block({"variables": string_map()}),
    "imageConfig": block(
        {
            "commands": list_of(string(), "Command"),
            "entryPoints": list_of(string(), "EntryPoint"),
            "workingDirectory": string(),
        }
    ),
    "tracingConfig": block({"mode": string(required=True)}, computed=True),
    "loggingConfig": block(
        {
            "logFormat": string(required=True),
            "logGroup": string(computed=True),
            "applicationLogLevel": string(computed=True),
            "systemLogLevel": string(computed=True),
        },
        computed=True,
    ),
    "ephemeralStorage": block({"size": number(computed=True)}, computed=True),
}
"""The inputs that ``UpdateFunctionConfiguration`` sets."""

CODE: Final[dict[str, Property]] = {
    "imageUri": string(required=True),
    "architectures": list_of(string(), computed=True),
}
"""The inputs that ``UpdateFunctionCode`` sets."""

VERSION_OUTPUTS: Final = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn", "lastModified"})
"""The outputs that a newly published version changes."""


def publishes(changed: frozenset[str], news: Properties) -> bool:
    """Whether an update of the inputs ``changed`` publishes a version."""
    return bool(news.get("publish")) and bool(changed & {*CONFIGURATION, *CODE, "publish"})


def invoke_arn(region: str, arn: str) -> str:
    """The URI by which API Gateway invokes the function, version or alias of the ARN."""
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


FUNCTION: Final = AwsType(
    name="aws:lambda/function:Function",
    label="Lambda Function",
    service="lambda",
    inputs={
        "name": string("FunctionName", replaces=True, autoname=True),
        "packageType": string(required=True, replaces=True, choices=("Image",)),
        **CODE,
        **CONFIGURATION,
        "publish": boolean(virtual=True),
        "reservedConcurrentExecutions": number(default=-1),
        "tags": TAGS,
    },
    described_outputs={
        "arn": "FunctionArn",
        "version": "PublishedVersion",
        "codeSha256": "CodeSha256",
        "sourceCodeSize": "CodeSize",
        "lastModified": "LastModified",
    },
    derived_outputs={
        "invokeArn": lambda client, resource, _: invoke_arn(client.region, resource["arn"]),
        "qualifiedArn": lambda _client, resource, _: f"{resource['arn']}:{resource['version']}",
        "qualifiedInvokeArn": lambda client, resource, _: invoke_arn(
            client.region, f"{resource['arn']}:{resource['version']}"
        ),
    },
    identity=("name",),
    outputs_changed_by=lambda changed, news: VERSION_OUTPUTS if publishes(changed, news) else frozenset(),
    create="create_function",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"FunctionName": resource["name"]},
    reads=(ReadOperation(operation="get_function"),),
    updates=(
        UpdateOperation(properties=tuple(CONFIGURATION), put="update_function_configuration"),
        UpdateOperation(properties=tuple(CODE), put="update_function_code"),
        UpdateOperation(
            properties=("reservedConcurrentExecutions",),
            put="put_function_concurrency",
            drop="delete_function_concurrency",
            after=True,
        ),
    ),
    tagging=Tagging(style="map", target="Resource", target_is="arn"),
    delete="delete_function",
    exists_codes=("ResourceConflictException",),
)

ALIAS: Final = AwsType(
    name="aws:lambda/alias:Alias",
    label="Lambda Alias",
    service="lambda",
    inputs={
        "name": string(replaces=True, autoname=True),
        "functionName": string(required=True, replaces=True),
        "functionVersion": string(required=True),
        "description": string(),
    },
    described_outputs={"arn": "AliasArn"},
    derived_outputs={"invokeArn": lambda client, resource, _: invoke_arn(client.region, resource["arn"])},
    identity=("functionName", "name"),
    create="create_alias",
    id=lambda _inputs, answer: str(answer["AliasArn"]),
    key=lambda resource: {"FunctionName": resource["functionName"], "Name": resource["name"]},
    reads=(ReadOperation(operation="get_alias"),),
    updates=(UpdateOperation(properties=("functionVersion", "description"), put="update_alias"),),
    delete="delete_alias",
    exists_codes=("ResourceConflictException",),
)

PERMISSION: Final = AwsType(
    name="aws:lambda/permission:Permission",
    label="Lambda Permission",
    service="lambda",
    inputs={
        "statementId": string(replaces=True, autoname=True),
        "function": string("FunctionName", required=True, replaces=True),
        "action": string(required=True, replaces=True),
        "principal": string(required=True, replaces=True),
        "qualifier": string(replaces=True),
        "sourceArn": string(replaces=True),
        "sourceAccount": string(replaces=True),
    },
    identity=("function", "qualifier", "statementId"),
    create="add_permission",
    id=lambda inputs, _answer: str(inputs["statementId"]),
    key=lambda resource: {
        "FunctionName": resource["function"],
        "StatementId": resource["statementId"],
        **({"Qualifier": resource["qualifier"]} if resource.get("qualifier") else {}),
    },
    reads=(ReadOperation(operation="get_policy", path="Policy"),),
    delete="remove_permission",
    exists_codes=("ResourceConflictException",),
)

PROVISIONED_CONCURRENCY: Final = AwsType(
    name="aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
    label="Lambda Provisioned Concurrency",
    service="lambda",
    inputs={
        "functionName": string(required=True, replaces=True),
        "qualifier": string(required=True, replaces=True),
        "provisionedConcurrentExecutions": number(required=True),
    },
    identity=("functionName", "qualifier"),
    create="put_provisioned_concurrency_config",
    id=lambda inputs, _answer: f"{inputs['functionName']},{inputs['qualifier']}",
    key=lambda resource: {"FunctionName": resource["functionName"], "Qualifier": resource["qualifier"]},
    reads=(ReadOperation(operation="get_provisioned_concurrency_config"),),
    updates=(
        UpdateOperation(
            properties=("provisionedConcurrentExecutions",),
            put="put_provisioned_concurrency_config",
            whole=True,
        ),
    ),
    delete="delete_provisioned_concurrency_config",
    missing_codes=("ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException"),
)

INVOCATION: Final = AwsType(
    name="aws:lambda/invocation:Invocation",
    label="Lambda Invocation",
    service="lambda",
    inputs={
        "functionName": string(required=True, replaces=True),
        "qualifier": string(replaces=True, default="$LATEST"),
        "input": string(required=True, replaces=True),
        "triggers": string_map(replaces=True),
        "lifecycleScope": string(default="CREATE_ONLY", choices=("CREATE_ONLY",)),
    },
    described_outputs={"result": "Payload"},
    create="invoke",
    id=lambda inputs, _answer: f"{inputs['functionName']}_{inputs.get('qualifier', '$LATEST')}",
    key=lambda resource: {"FunctionName": resource["functionName"]},
)
