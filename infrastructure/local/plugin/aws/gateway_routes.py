"""Amazon API Gateway HTTP APIs: who may pass, and which function answers what.

None of the three has a name that the API keeps unique, so a look comes before each creation: a run that was cut
off may have made it already.
"""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import Aspect, AwsType, Look
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.shapes import flag, number, text, unordered
from infrastructure.local.plugin.values import Properties, mapping

_AUTHORIZER: Final = {
    "name": text(autoname=True),
    "authorizerType": text(required=True, choices=("REQUEST",)),
    "authorizerUri": text(),
    "authorizerPayloadFormatVersion": text(),
    "authorizerCredentialsArn": text(),
    "enableSimpleResponses": flag(),
    "identitySources": unordered(text(), "IdentitySource"),
    "authorizerResultTtlInSeconds": number(computed=True),
}

AUTHORIZER: Final = AwsType(
    name="aws:apigatewayv2/authorizer:Authorizer",
    label="API Gateway v2 Authorizer",
    service="apigatewayv2",
    inputs={"apiId": text(required=True, replaces=True), **_AUTHORIZER},
    create="create_authorizer",
    id=lambda _inputs, answer: str(answer["AuthorizerId"]),
    key=lambda at: {"ApiId": at["apiId"], "AuthorizerId": at.id},
    looks=(Look(operation="get_authorizer"),),
    aspects=(Aspect(properties=tuple(_AUTHORIZER), put="update_authorizer"),),
    delete="delete_authorizer",
    search="get_authorizers",
    match=("name",),
)

_INTEGRATION: Final = {
    "integrationUri": text(),
    "integrationMethod": text(computed=True),
    "connectionType": text(default="INTERNET"),
    "description": text(),
    "payloadFormatVersion": text(default="1.0"),
    "timeoutMilliseconds": number("TimeoutInMillis", computed=True),
}

INTEGRATION: Final = AwsType(
    name="aws:apigatewayv2/integration:Integration",
    label="API Gateway v2 Integration",
    service="apigatewayv2",
    inputs={
        "apiId": text(required=True, replaces=True),
        "integrationType": text(required=True, replaces=True, choices=("AWS_PROXY",)),
        **_INTEGRATION,
    },
    create="create_integration",
    id=lambda _inputs, answer: str(answer["IntegrationId"]),
    key=lambda at: {"ApiId": at["apiId"], "IntegrationId": at.id},
    looks=(Look(operation="get_integration"),),
    aspects=(Aspect(properties=tuple(_INTEGRATION), put="update_integration"),),
    delete="delete_integration",
    search="get_integrations",
    match=("integrationType", "integrationUri"),
)

_ROUTE: Final = {
    "routeKey": text(required=True),
    "target": text(),
    "authorizationType": text(default="NONE"),
    "authorizerId": text(),
    "authorizationScopes": unordered(text()),
    "apiKeyRequired": flag(),
    "operationName": text(),
}

ROUTE: Final = AwsType(
    name="aws:apigatewayv2/route:Route",
    label="API Gateway v2 Route",
    service="apigatewayv2",
    inputs={"apiId": text(required=True, replaces=True), **_ROUTE},
    create="create_route",
    id=lambda _inputs, answer: str(answer["RouteId"]),
    key=lambda at: {"ApiId": at["apiId"], "RouteId": at.id},
    looks=(Look(operation="get_route"),),
    aspects=(Aspect(properties=tuple(_ROUTE), put="update_route"),),
    delete="delete_route",
    search="get_routes",
    match=("routeKey",),
)


class IntegrationLifecycle(AwsLifecycle):
    """Several integrations may lead to one function: only one without a route can be left behind."""

    @override
    def left_behind(self, inputs: Properties) -> str | None:
        """An integration of the same function that no route of the API uses."""
        found = super().left_behind(inputs)
        if found is None:
            return None
        routes = self.cloud.every("apigatewayv2", "get_routes", "Items", {"ApiId": inputs["apiId"]})
        used = {mapping(route).get("Target") for route in routes}
        return None if f"integrations/{found}" in used else found
