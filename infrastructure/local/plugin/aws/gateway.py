"""Amazon API Gateway HTTP APIs: the API and its stage."""

from typing import TYPE_CHECKING, Final

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import block, flag, number, table, text, unordered
from infrastructure.local.plugin.values import Properties, Value

if TYPE_CHECKING:
    from infrastructure.local.plugin.aws.cloud import Cloud

_TAGGING: Final = Tagging(style="map", target="ResourceArn", of="arn", look="get_tags")


def _api_arn(cloud: "Cloud", api: str) -> str:
    return f"arn:aws:apigateway:{cloud.region}::/apis/{api}"


def _execution_arn(cloud: "Cloud", api: str) -> str:
    return f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{api}"


def _invoke_url(_cloud: "Cloud", stage: Physical, description: Properties) -> Value:
    name = "" if stage.id == "$default" else stage.id
    return f"{description['ApiEndpoint']}/{name}"


API: Final = AwsType(
    name="aws:apigatewayv2/api:Api",
    label="API Gateway v2 API",
    service="apigatewayv2",
    inputs={
        "name": text(autoname=True),
        "protocolType": text(required=True, replaces=True, choices=("HTTP",)),
        "description": text(),
        "version": text(),
        "disableExecuteApiEndpoint": flag(),
        "corsConfiguration": block(
            {
                "allowCredentials": flag(),
                "allowHeaders": unordered(text()),
                "allowMethods": unordered(text()),
                "allowOrigins": unordered(text()),
                "exposeHeaders": unordered(text()),
                "maxAge": number(),
            }
        ),
        "tags": TAGS,
    },
    found={"apiEndpoint": "ApiEndpoint"},
    derived={
        "arn": lambda cloud, api, _description: _api_arn(cloud, api.id),
        "executionArn": lambda cloud, api, _description: _execution_arn(cloud, api.id),
    },
    create="create_api",
    id=lambda _inputs, answer: str(answer["ApiId"]),
    key=lambda at: {"ApiId": at.id},
    looks=(Look(operation="get_api"),),
    aspects=(
        Aspect(properties=("name", "description", "version", "disableExecuteApiEndpoint"), put="update_api"),
        Aspect(properties=("corsConfiguration",), put="update_api", drop="delete_cors_configuration"),
    ),
    tagging=_TAGGING,
    delete="delete_api",
    search="get_apis",
    match=("name", "protocolType"),
)

STAGE: Final = AwsType(
    name="aws:apigatewayv2/stage:Stage",
    label="API Gateway v2 Stage",
    service="apigatewayv2",
    inputs={
        "apiId": text(required=True, replaces=True),
        "name": text("StageName", replaces=True, autoname=True),
        "autoDeploy": flag(),
        "description": text(),
        "accessLogSettings": block({"destinationArn": text(required=True), "format": text(required=True)}),
        "defaultRouteSettings": block(
            {
                "dataTraceEnabled": flag(),
                "detailedMetricsEnabled": flag(),
                "loggingLevel": text(computed=True),
                "throttlingBurstLimit": number(),
                "throttlingRateLimit": number(),
            }
        ),
        "stageVariables": table(),
        "tags": TAGS,
    },
    derived={
        "arn": lambda cloud, stage, _description: f"{_api_arn(cloud, stage['apiId'])}/stages/{stage.id}",
        "executionArn": lambda cloud, stage, _description: (
            f"{_execution_arn(cloud, stage['apiId'])}/{stage.id}"
        ),
        "invokeUrl": _invoke_url,
    },
    identity=("apiId", "name"),
    create="create_stage",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"ApiId": at["apiId"], "StageName": at["name"]},
    looks=(
        Look(operation="get_stage"),
        Look(
            operation="get_api",
            path="ApiEndpoint",
            into="ApiEndpoint",
            key=lambda at: {"ApiId": at["apiId"]},
        ),
    ),
    aspects=(
        Aspect(
            properties=("autoDeploy", "description", "defaultRouteSettings", "stageVariables"),
            put="update_stage",
        ),
        # Emptied, not deleted: the local AWS takes DeleteAccessLogSettings for DeleteStage.
        Aspect(properties=("accessLogSettings",), put="update_stage"),
    ),
    tagging=_TAGGING,
    delete="delete_stage",
    existing=("ConflictException",),
)
