"""The HTTP API: routes to functions, tokens to the authorizer."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infrastructure.program.functions import Function
from infrastructure.stack.function_specs import AUTHORIZER
from infrastructure.stack.settings import Settings
from infrastructure.tools import paths
from routes import FALLBACK, ROUTES, Route, path_to

_OF_THIS_MACHINE = ("0.0.0.0", "127.0.0.1")  # noqa: S104 # nosec B104 - compared, not listened on
"""Addresses that are reached as localhost."""
_KINDS = ("", "sandbox", "sandbox-metadata")
"""Of the paths of a route, in their order."""

_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "functionRequestId": "$context.integration.requestId",
    "time": "$context.requestTime",
    "timeMs": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseBytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "authorizerLatencyMs": "$context.authorizer.latency",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    "integrationError": "$context.integrationErrorMessage",
}


class Gateway(pulumi.ComponentResource):
    """The HTTP API. ``url`` is its base URL as clients know it, to which a path is appended, and the issuer of the
    tokens; ``own_url`` is the gateway's own, where the stack has another ``public_url``. ``issuers`` are all base URLs
    that it goes by, with spaces between. ``jwks_uri`` is where the functions reach the stack's own keys. ``account_id``
    is the account's that it is in.

    It is declared in two steps, because the functions are given its URL and its routes are given the functions.
    """

    url: pulumi.Output[str]
    own_url: pulumi.Output[str]
    issuers: pulumi.Output[str]
    jwks_uri: pulumi.Output[str]
    api_id: pulumi.Output[str]
    account_id: pulumi.Output[str]

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("psn-emulator:api:Gateway", "gateway", None, opts)
        self._settings = settings
        self._child_options = pulumi.ResourceOptions(parent=self)
        self._permissions: list[aws.lambda_.Permission] = []
        self._integrations: dict[str, aws.apigatewayv2.Integration] = {}
        tags = settings.names.tags
        self._api = aws.apigatewayv2.Api(
            "api",
            name=settings.names.base,
            description="PSN Partner Emulator",
            protocol_type="HTTP",
            cors_configuration=self._cors(),
            tags=tags | {"ms-custom-id": settings.names.local_api_id} if settings.local else tags,
            opts=self._child_options,
        )
        self.api_id = self._api.id
        self.account_id = self._api.execution_arn.apply(lambda arn: arn.split(":")[4])
        local_path = pulumi.Output.concat("/_aws/execute-api/", self._api.id, "/$default")
        if settings.local:
            self.own_url = (
                pulumi.Output.from_input(_listening_url(settings.listen))
                if settings.listen
                else pulumi.Output.concat(paths.aws_endpoint(), local_path)
            )
            reached = pulumi.Output.concat(paths.aws_endpoint_for_functions(), local_path)
        else:
            self.own_url = reached = self._api.api_endpoint
        self.url = pulumi.Output.from_input(settings.public_url or self.own_url)
        self.issuers = pulumi.Output.concat(self.url, *_named_urls(settings, local_path))
        self.jwks_uri = pulumi.Output.concat(reached, path_to("stack-keys"))

    def open_routes(self, functions: Mapping[str, Function]) -> pulumi.Output[Any]:
        """Declares every route, to the alias of its function and, where it has a scope, through the authorizer. Returns
        an output that is known when all of them are there."""
        authorizer = self._authorizer(functions[AUTHORIZER])
        opened = [
            opened
            for route in (*ROUTES, FALLBACK)
            for opened in self._routes(route, functions[route.function_name], authorizer)
        ]
        stage = self._stage(opened)
        self.register_outputs({"url": self.url})
        return pulumi.Output.all(stage.id, *(permission.id for permission in self._permissions))

    def _cors(self) -> aws.apigatewayv2.ApiCorsConfigurationArgs | None:
        if not self._settings.cors_origins:
            return None
        return aws.apigatewayv2.ApiCorsConfigurationArgs(
            allow_origins=list(self._settings.cors_origins),
            allow_methods=sorted({route.method for route in ROUTES}),
            allow_headers=sorted({header for route in ROUTES for header in route.request_headers}),
            expose_headers=sorted({header for route in ROUTES for header in route.answer_headers}),
            max_age=self._settings.cors_max_age_seconds,
        )

    def _authorizer(self, function: Function) -> aws.apigatewayv2.Authorizer:
        """The authorizer. Its answers are cached by token **and** route, so that no cached one opens another route."""
        authorizer = aws.apigatewayv2.Authorizer(
            "token-authorizer",
            api_id=self._api.id,
            name="token",
            authorizer_type="REQUEST",
            authorizer_uri=function.alias.invoke_arn,
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_sources=["$request.header.Authorization", "$context.routeKey"],
            authorizer_result_ttl_in_seconds=self._settings.authorizer_ttl_seconds,
            opts=self._child_options,
        )
        self._allow(AUTHORIZER, function, pulumi.Output.concat("/authorizers/", authorizer.id))
        return authorizer

    def _routes(
        self, route: Route, function: Function, authorizer: aws.apigatewayv2.Authorizer
    ) -> Iterator[aws.apigatewayv2.Route]:
        """The gateway's routes to the function."""
        is_fallback = route is FALLBACK
        integration = self._integration(route.function_name, function)
        paths = [""] if is_fallback else route.paths
        for kind, path in zip(_KINDS, paths, strict=False):
            # The second asterisk stands for a method, and for what is before the path in one that ends alike.
            if kind == "" or not path.endswith(paths[0]):
                shared = [route.name] if route.function else []
                statement = "-".join(["gateway", *shared, *([kind] if kind else [])])
                self._allow(_named(route, kind), function, f"/*/*{path}", statement)
        keys = {f"{route.name}-route": route.path} if is_fallback else _resource_names(route)
        for name, key in keys.items():
            yield aws.apigatewayv2.Route(
                name,
                api_id=self._api.id,
                route_key=key,
                target=pulumi.Output.concat("integrations/", integration.id),
                authorization_type="CUSTOM" if route.scope else "NONE",
                authorizer_id=authorizer.id if route.scope else None,
                opts=self._child_options,
            )

    def _integration(self, name: str, function: Function) -> aws.apigatewayv2.Integration:
        """The one integration of a function, which all of its routes lead to."""
        if name not in self._integrations:
            self._integrations[name] = aws.apigatewayv2.Integration(
                f"{name}-integration",
                api_id=self._api.id,
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=function.alias.invoke_arn,
                payload_format_version="2.0",
                timeout_milliseconds=self._settings.api_timeout_seconds * 1000,
                opts=self._child_options,
            )
        return self._integrations[name]

    def _allow(
        self, name: str, function: Function, source: pulumi.Input[str], statement: str = "gateway"
    ) -> None:
        """Lets this API, and of it only ``source``, invoke the alias; not the function's other versions. The
        ``statement`` has a name of its own in the function's policy."""
        permission = aws.lambda_.Permission(
            f"{name}-permission",
            statement_id=statement,
            action="lambda:InvokeFunction",
            function=function.function.name,
            qualifier=function.alias.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self._api.execution_arn, source),
            opts=self._child_options,
        )
        self._permissions.append(permission)

    def _route_settings(self) -> list[aws.apigatewayv2.StageRouteSettingArgs] | None:
        """The throttling of the routes that have one of their own: each of their keys has the same."""
        throttles = [
            (key, self._settings.routes[route.name])
            for route in ROUTES
            if route.name in self._settings.routes
            for key in route.keys
        ]
        return [
            aws.apigatewayv2.StageRouteSettingArgs(
                route_key=key,
                throttling_rate_limit=throttle.throttle_rate,
                throttling_burst_limit=throttle.throttle_burst,
            )
            for key, throttle in throttles
        ] or None

    def _stage(self, routes: list[aws.apigatewayv2.Route]) -> aws.apigatewayv2.Stage:
        log_group = aws.cloudwatch.LogGroup(
            "access-log",
            name=self._settings.names.access_log_group,
            retention_in_days=self._settings.log_retention_days,
            kms_key_id=self._settings.kms_key,
            tags=self._settings.names.tags,
            opts=self._child_options,
        )
        return aws.apigatewayv2.Stage(
            "stage",
            api_id=self._api.id,
            name="$default",
            auto_deploy=True,
            access_log_settings={"destination_arn": log_group.arn, "format": json.dumps(_ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": self._settings.throttle_rate,
                "throttling_burst_limit": self._settings.throttle_burst,
            },
            route_settings=self._route_settings(),
            tags=self._settings.names.tags,
            # All routes are there when the first deployment is made of them.
            opts=pulumi.ResourceOptions(parent=self, depends_on=routes),
        )


def _listening_url(listen: str) -> str:
    """The base URL of the API where it listens at this address and port, from this machine."""
    address, _, port = listen.rpartition(":")
    return f"http://{'localhost' if address in _OF_THIS_MACHINE else address}:{port}"


def _named_urls(settings: Settings, local_path: pulumi.Output[str]) -> Iterator[pulumi.Input[str]]:
    """The base URLs at the stack's ``issuer_hosts``, in pieces, each after a space. AWS's gateway speaks https only; a
    local stack's is asked by http, and by https through a proxy. Its path, ``local_path``, is at the port of the local
    AWS and at proxies before that; an address of its own needs none."""
    for host in settings.issuer_hosts:
        own_address = settings.listen and not host.endswith(f":{paths.aws_port()}")
        path = local_path if settings.local and not own_address else ""
        for scheme in ("http", "https") if settings.local else ("https",):
            yield f" {scheme}://{host}"
            yield path


def _resource_names(route: Route) -> dict[str, str]:
    """The route keys of ``route`` by the names of their resources."""
    names = {path: _named(route, kind) for kind, path in zip(_KINDS, route.paths, strict=False)}
    named = ((method, names[path], f"{method} {path}") for method, path in map(str.split, route.keys))
    return {f"{name}-head-route" if method == "HEAD" else f"{name}-route": key for method, name, key in named}


def _named(route: Route, kind: str) -> str:
    return f"{route.name}-{kind}" if kind else route.name
