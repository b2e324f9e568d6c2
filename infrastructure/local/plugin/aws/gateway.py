"""Amazon API Gateway HTTP APIs: the API and its stage."""

from typing import TYPE_CHECKING, Final

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import block, boolean, number, set_of, string, string_map
from infrastructure.local.plugin.values import Properties, Value

if TYPE_CHECKING:
    from infrastructure.local.plugin.aws.client import AwsClient

_TAGGING: Final = Tagging(style="map", target="ResourceArn", target_is="arn", list_tags="get_tags")


def _api_arn(client: "AwsClient", api: str) -> str:
    return f"arn:aws:apigateway:{client.region}::/apis/{api}"


def _execution_arn(client: "AwsClient", api: str) -> str:
    return f"arn:aws:execute-api:{client.region}:{client.account}:{api}"


def _invoke_url(_cloud: "AwsClient", stage: ResourceState, description: Properties) -> Value:
    name = "" if stage.id == "$default" else stage.id
    return f"{description['ApiEndpoint']}/{name}"


API: Final = AwsType(
    name="aws:apigatewayv2/api:Api",
    label="API Gateway v2 API",
    service="apigatewayv2",
    inputs={
        "name": string(autoname=True),
        "protocolType": string(required=True, replaces=True, choices=("HTTP",)),
        "description": string(),
        "version": string(),
        "disableExecuteApiEndpoint": boolean(),
        "corsConfiguration": block(
            {
                "allowCredentials": boolean(),
                "allowHeaders": set_of(string()),
                "allowMethods": set_of(string()),
                "allowOrigins": set_of(string()),
                "exposeHeaders": set_of(string()),
                "maxAge": number(),
            }
        ),
        "tags": TAGS,
    },
    described_outputs={"apiEndpoint": "ApiEndpoint"},
    derived_outputs={
        "arn": lambda client, api, _description: _api_arn(client, api.id),
        "executionArn": lambda client, api, _description: _execution_arn(client, api.id),
    },
    create="create_api",
    id=lambda _inputs, answer: str(answer["ApiId"]),
    key=lambda resource: {"ApiId": resource.id},
    reads=(ReadOperation(operation="get_api"),),
    updates=(
        UpdateOperation(
            properties=("name", "description", "version", "disableExecuteApiEndpoint"), put="update_api"
        ),
        UpdateOperation(
            properties=("corsConfiguration",), put="update_api", drop="delete_cors_configuration"
        ),
    ),
    tagging=_TAGGING,
    delete="delete_api",
    list_operation="get_apis",
    match=("name", "protocolType"),
)

STAGE: Final = AwsType(
    name="aws:apigatewayv2/stage:Stage",
    label="API Gateway v2 Stage",
    service="apigatewayv2",
    inputs={
        "apiId": string(required=True, replaces=True),
        "name": string("StageName", replaces=True, autoname=True),
        "autoDeploy": boolean(),
        "description": string(),
        "accessLogSettings": block(
            {"destinationArn": string(required=True), "format": string(required=True)}
        ),
        "defaultRouteSettings": block(
            {
                "dataTraceEnabled": boolean(),
                "detailedMetricsEnabled": boolean(),
                "loggingLevel": string(computed=True),
                "throttlingBurstLimit": number(),
                "throttlingRateLimit": number(),
            }
        ),
        "stageVariables": string_map(),
        "tags": TAGS,
    },
    derived_outputs={
        "arn": lambda client, stage, _description: f"{_api_arn(client, stage['apiId'])}/stages/{stage.id}",
        "executionArn": lambda client, stage, _description: (
            f"{_execution_arn(client, stage['apiId'])}/{stage.id}"
        ),
        "invokeUrl": _invoke_url,
    },
    identity=("apiId", "name"),
    create="create_stage",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"ApiId": resource["apiId"], "StageName": resource["name"]},
    reads=(
        ReadOperation(operation="get_stage"),
        ReadOperation(
            operation="get_api",
            path="ApiEndpoint",
            into="ApiEndpoint",
            key=lambda resource: {"ApiId": resource["apiId"]},
        ),
    ),
    updates=(
        UpdateOperation(
            properties=("autoDeploy", "description", "defaultRouteSettings", "stageVariables"),
            put="update_stage",
        ),
        # Emptied, not deleted: the local AWS takes DeleteAccessLogSettings for DeleteStage.
        UpdateOperation(properties=("accessLogSettings",), put="update_stage"),
    ),
    tagging=_TAGGING,
    delete="delete_stage",
    exists_codes=("ConflictException",),
)
