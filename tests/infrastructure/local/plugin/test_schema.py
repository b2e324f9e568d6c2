"""The declarations against the schema in the official SDKs: no name may be accepted that they would refuse."""

import inspect
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi_aws
import pulumi_docker
import pytest
from pulumi import _types

from infrastructure.local.plugin.aws import configuration
from infrastructure.local.plugin.aws.package import TYPES
from infrastructure.local.plugin.images.image import IMAGE
from infrastructure.local.plugin.resource_type import ResourceType
from infrastructure.local.plugin.shapes import Property

OFFICIAL: dict[str, Any] = {
    "aws:apigatewayv2/api:Api": pulumi_aws.apigatewayv2.Api,
    "aws:apigatewayv2/authorizer:Authorizer": pulumi_aws.apigatewayv2.Authorizer,
    "aws:apigatewayv2/integration:Integration": pulumi_aws.apigatewayv2.Integration,
    "aws:apigatewayv2/route:Route": pulumi_aws.apigatewayv2.Route,
    "aws:apigatewayv2/stage:Stage": pulumi_aws.apigatewayv2.Stage,
    "aws:cloudwatch/dashboard:Dashboard": pulumi_aws.cloudwatch.Dashboard,
    "aws:cloudwatch/logGroup:LogGroup": pulumi_aws.cloudwatch.LogGroup,
    "aws:cloudwatch/metricAlarm:MetricAlarm": pulumi_aws.cloudwatch.MetricAlarm,
    "aws:dynamodb/table:Table": pulumi_aws.dynamodb.Table,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": pulumi_aws.ecr.LifecyclePolicy,
    "aws:ecr/repository:Repository": pulumi_aws.ecr.Repository,
    "aws:iam/role:Role": pulumi_aws.iam.Role,
    "aws:iam/rolePolicy:RolePolicy": pulumi_aws.iam.RolePolicy,
    "aws:lambda/alias:Alias": pulumi_aws.lambda_.Alias,
    "aws:lambda/function:Function": pulumi_aws.lambda_.Function,
    "aws:lambda/invocation:Invocation": pulumi_aws.lambda_.Invocation,
    "aws:lambda/permission:Permission": pulumi_aws.lambda_.Permission,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        pulumi_aws.lambda_.ProvisionedConcurrencyConfig
    ),
    "aws:secretsmanager/secret:Secret": pulumi_aws.secretsmanager.Secret,
    "aws:secretsmanager/secretVersion:SecretVersion": pulumi_aws.secretsmanager.SecretVersion,
    "aws:sns/topic:Topic": pulumi_aws.sns.Topic,
    "docker:index/image:Image": pulumi_docker.Image,
}

REPLACED = {
    "aws:apigatewayv2/api:Api": {"protocolType"},
    "aws:apigatewayv2/authorizer:Authorizer": {"apiId"},
    "aws:apigatewayv2/integration:Integration": {"apiId", "integrationType"},
    "aws:apigatewayv2/route:Route": {"apiId"},
    "aws:apigatewayv2/stage:Stage": {"apiId", "name"},
    "aws:cloudwatch/dashboard:Dashboard": {"dashboardName"},
    "aws:cloudwatch/logGroup:LogGroup": {"logGroupClass", "name"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name"},
    "aws:dynamodb/table:Table": {"hashKey", "localSecondaryIndexes", "name", "rangeKey"},
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"policy", "repository"},
    "aws:ecr/repository:Repository": {"encryptionConfigurations", "name"},
    "aws:iam/role:Role": {"name", "path"},
    "aws:iam/rolePolicy:RolePolicy": {"name", "role"},
    "aws:lambda/alias:Alias": {"functionName", "name"},
    "aws:lambda/function:Function": {"name", "packageType"},
    "aws:lambda/invocation:Invocation": {"functionName", "input", "qualifier", "triggers"},
    "aws:lambda/permission:Permission": {
        "action",
        "function",
        "principal",
        "qualifier",
        "sourceAccount",
        "sourceArn",
        "statementId",
    },
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": {"functionName", "qualifier"},
    "aws:secretsmanager/secret:Secret": {"name"},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretId", "secretString"},
    "aws:sns/topic:Topic": {"name"},
    "docker:index/image:Image": set(),
}
"""What replaces, as planned by HashiCorp's AWS provider 5.100 for a change of every property at once."""

ADDED = {"build.contextDigest is unknown"}
"""What an official plugin adds to the inputs and its schema does not name."""

ALL: dict[str, ResourceType] = {**TYPES, IMAGE.name: IMAGE}
KINDS = {str: "string", bool: "boolean", int: "number", float: "number"}
NAMES = sorted(ALL)


def arguments_of(resource: Any) -> Any:
    """The class of a resource's arguments, which lives in the resource's own module."""
    return getattr(sys.modules[resource.__module__], f"{resource.__name__}Args")


def required_by(arguments: Any) -> set[str]:
    """The properties that the official SDK demands."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters
    return {
        name
        for python, name in names.items()
        if python in parameters and parameters[python].default is inspect.Parameter.empty
    }


def mismatches(declared: Mapping[str, Property], arguments: Any, path: str = "") -> Iterator[str]:
    """Where the declared properties are not the official ones."""
    official = set(_types.input_type_py_to_pulumi_names(arguments).values())
    types = _types.input_type_types(arguments)
    demanded = required_by(arguments)
    for name, each in declared.items():
        if name not in official:
            yield f"{path}{name} is unknown"
            continue
        if name in demanded and not each.required:
            yield f"{path}{name} is required"
        if name in types:
            yield from _kind_mismatches(each, types[name], f"{path}{name}")


def _kind_mismatches(declared: Property, official: Any, path: str) -> Iterator[str]:
    origin = typing.get_origin(official)
    kind = declared.kind
    if isinstance(official, type) and _types.is_input_type(official):
        if kind != "block":
            yield f"{path} is an object, not a {kind}"
        yield from mismatches(declared.fields, official, f"{path}.")
    elif origin is typing.get_origin(typing.Mapping[str, str]):
        if kind != "map":
            yield f"{path} is a map, not a {kind}"
    elif origin is typing.get_origin(typing.Sequence[str]):
        if kind not in {"list", "set"} or declared.item is None:
            yield f"{path} is a list, not a {kind}"
            return
        yield from _kind_mismatches(declared.item, _item_of(official), f"{path}[]")
    elif official in KINDS:
        if KINDS[official] != ("string" if kind == "json" else kind):
            yield f"{path} is a {KINDS[official]}, not a {kind}"
    elif kind not in {"string", "json"}:
        yield f"{path} is one of {official}, not a {kind}"


def _item_of(sequence: Any) -> Any:
    """The type of a list's items, out of the union with what may come later."""
    [item] = typing.get_args(sequence)
    candidates = [each for each in typing.get_args(item) or (item,) if isinstance(each, type)]
    return next((each for each in candidates if each in KINDS or _types.is_input_type(each)), str)


def test_every_supported_type_is_compared() -> None:
    assert set(NAMES) == set(OFFICIAL) == set(REPLACED)


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_called_what_the_official_sdk_calls_it(name: str) -> None:
    assert OFFICIAL[name].pulumi_type == name


@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_one_of_the_official_types_and_of_its_kind(name: str) -> None:
    found = [item for item in mismatches(ALL[name].inputs, arguments_of(OFFICIAL[name])) if item not in ADDED]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_every_output_is_one_of_the_official_type(name: str) -> None:
    official = set(_types.resource_types(OFFICIAL[name]))
    assert set(ALL[name].outputs) <= official


@pytest.mark.parametrize("name", NAMES)
def test_the_inputs_that_replace_are_those_of_the_official_provider(name: str) -> None:
    replaced = {key for key, each in ALL[name].inputs.items() if each.replaces}
    assert replaced == REPLACED[name]


def test_every_configuration_key_is_one_of_the_official_provider() -> None:
    official = _types.input_type_py_to_pulumi_names(pulumi_aws.ProviderArgs).values()
    assert set(configuration.DECLARED) <= set(official)


def test_every_service_is_one_that_the_official_provider_takes_an_endpoint_for() -> None:
    from pulumi_aws import _inputs

    official = _types.input_type_py_to_pulumi_names(_inputs.ProviderEndpointArgs).values()
    assert set(configuration.SERVICES) <= set(official)
    assert {kind.service for kind in TYPES.values()} <= set(configuration.SERVICES.values())


def test_a_name_that_the_official_sdk_does_not_have_is_found() -> None:
    arguments = arguments_of(pulumi_aws.sns.Topic)
    declared = {"name": Property(kind="boolean"), "nonsense": Property(kind="string")}
    assert list(mismatches(declared, arguments)) == ["name is a string, not a boolean", "nonsense is unknown"]
