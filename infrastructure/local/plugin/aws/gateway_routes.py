"""Amazon API Gateway HTTP APIs: authorizers, integrations and routes.

The API keeps none of their names unique, so the existing ones are listed before one is created: an interrupted run may
have created it already.
"""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import AwsType, ReadOperation, UpdateOperation
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.shapes import boolean, number, set_of, string
from infrastructure.local.plugin.values import Properties, mapping

_AUTHORIZER: Final = {
    "name": string(autoname=True),
    "authorizerType": string(required=True, choices=("REQUEST",)),
    "authorizerUri": string(),
    "authorizerPayloadFormatVersion": string(),
    "authorizerCredentialsArn": string(),
    "enableSimpleResponses": boolean(),
    "identitySources": set_of(string(), "IdentitySource"),
    "authorizerResultTtlInSeconds": number(computed=True),
}

AUTHORIZER: Final = AwsType(
    name="aws:apigatewayv2/authorizer:Authorizer",
    label="API Gateway v2 Authorizer",
    service="apigatewayv2",
    inputs={"apiId": string(required=True, replaces=True), **_AUTHORIZER},
    create="create_authorizer",
    id=lambda _inputs, answer: str(answer["AuthorizerId"]),
    key=lambda resource: {"ApiId": resource["apiId"], "AuthorizerId": resource.id},
    reads=(ReadOperation(operation="get_authorizer"),),
    updates=(UpdateOperation(properties=tuple(_AUTHORIZER), put="update_authorizer"),),
    delete="delete_authorizer",
    list_operation="get_authorizers",
    match=("name",),
)

_INTEGRATION: Final = {
    "integrationUri": string(),
    "integrationMethod": string(computed=True),
    "connectionType": string(default="INTERNET"),
    "description": string(),
    "payloadFormatVersion": string(default="1.0"),
    "timeoutMilliseconds": number("TimeoutInMillis", computed=True),
}

INTEGRATION: Final = AwsType(
    name="aws:apigatewayv2/integration:Integration",
    label="API Gateway v2 Integration",
    service="apigatewayv2",
    inputs={
        "apiId": string(required=True, replaces=True),
        "integrationType": string(required=True, replaces=True, choices=("AWS_PROXY",)),
        **_INTEGRATION,
    },
    create="create_integration",
    id=lambda _inputs, answer: str(answer["IntegrationId"]),
    key=lambda resource: {"ApiId": resource["apiId"], "IntegrationId": resource.id},
    reads=(ReadOperation(operation="get_integration"),),
    updates=(UpdateOperation(properties=tuple(_INTEGRATION), put="update_integration"),),
    delete="delete_integration",
    list_operation="get_integrations",
    match=("integrationType", "integrationUri"),
)

_ROUTE: Final = {
    "routeKey": string(required=True),
    "target": string(),
    "authorizationType": string(default="NONE"),
    "authorizerId": string(),
    "authorizationScopes": set_of(string()),
    "apiKeyRequired": boolean(),
    "operationName": string(),
}

ROUTE: Final = AwsType(
    name="aws:apigatewayv2/route:Route",
    label="API Gateway v2 Route",
    service="apigatewayv2",
    inputs={"apiId": string(required=True, replaces=True), **_ROUTE},
    create="create_route",
    id=lambda _inputs, answer: str(answer["RouteId"]),
    key=lambda resource: {"ApiId": resource["apiId"], "RouteId": resource.id},
    reads=(ReadOperation(operation="get_route"),),
    updates=(UpdateOperation(properties=tuple(_ROUTE), put="update_route"),),
    delete="delete_route",
    list_operation="get_routes",
    match=("routeKey",),
)


class IntegrationLifecycle(AwsLifecycle):
    """Integrations, of which several may have one function: only one without a route can be left over."""

    @override
    def find_leftover(self, inputs: Properties) -> str | None:
        """The id of an integration of the same function that no route of the API uses."""
        leftover = super().find_leftover(inputs)
        if leftover is None:
            return None
        routes = self.client.list_all("apigatewayv2", "get_routes", "Items", {"ApiId": inputs["apiId"]})
        used = {mapping(route).get("Target") for route in routes}
        return None if f"integrations/{leftover}" in used else leftover
