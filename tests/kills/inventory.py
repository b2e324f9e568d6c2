"""What is in a local AWS, and what a stack's state knows of it: names that can be compared."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.support.checkout import Checkout

Item = tuple[str, ...]
"""The kind of a thing and the names that tell it from others of its kind."""

_IDENTITY: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws:apigatewayv2/api:Api": ("api", ("id",)),
    "aws:apigatewayv2/authorizer:Authorizer": ("authorizer", ("id",)),
    "aws:apigatewayv2/integration:Integration": ("integration", ("id",)),
    "aws:apigatewayv2/route:Route": ("route", ("id",)),
    "aws:apigatewayv2/stage:Stage": ("stage", ("name",)),
    "aws:cloudwatch/logGroup:LogGroup": ("log group", ("name",)),
    "aws:dynamodb/table:Table": ("table", ("name",)),
    "aws:ecr/repository:Repository": ("repository", ("name",)),
    "aws:iam/role:Role": ("role", ("name",)),
    "aws:iam/rolePolicy:RolePolicy": ("role policy", ("role", "name")),
    "aws:lambda/alias:Alias": ("alias", ("functionName", "name", "functionVersion")),
    "aws:lambda/function:Function": ("function", ("name",)),
    "aws:lambda/permission:Permission": ("permission", ("function", "qualifier", "statementId")),
    "aws:secretsmanager/secret:Secret": ("secret", ("id",)),
}
"""By resource type the kind, and the outputs that are its names."""


def known(checkout: Checkout) -> set[Item]:
    """All that the state of the checkout's stack knows, the versions and images of its kept releases included."""
    resources = json.loads(checkout.pulumi("stack", "export"))["deployment"]["resources"]
    items: set[Item] = set()
    for resource in resources:
        outputs = {**(resource.get("outputs") or {}), "id": resource.get("id")}
        if resource["type"] in _IDENTITY:
            kind, names = _IDENTITY[resource["type"]]
            items.add((kind, *(outputs[name] for name in names)))
        if resource["type"] == "aws:lambda/function:Function":
            items.add(("version", outputs["name"], outputs["version"]))
        if resource["type"] == "docker:index/image:Image":
            items.add(_image(outputs["imageName"]))
        if resource["type"] == "pulumi:pulumi:Stack":
            items.update(_of_releases(outputs))
    return items


def _of_releases(outputs: Mapping[str, Any]) -> Iterator[Item]:
    for entry in outputs["releases"]:
        yield _image(entry["image_uri"])
        for name, version in entry["versions"].items():
            if name in outputs["function_names"]:
                yield "version", outputs["function_names"][name], version


def _image(uri: str) -> Item:
    repository, _, tag = uri.rpartition("/")[2].partition(":")
    return "image", repository, tag


def existing(checkout: Checkout) -> set[Item]:
    """All that is in the checkout's local AWS, of the kinds that a stack is made of."""
    aws = _Session(checkout.client)
    return {item for service in (_functions, _gateway, _roles, _rest) for item in service(aws)}


class _Session:
    """Lists what a service has, page by page."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.client = client

    def items(self, service: str, operation: str, key: str, **arguments: str) -> Iterator[Any]:
        """All that a listing operation of ``service`` gives under ``key``."""
        client = self.client(service)
        if not client.can_paginate(operation):
            yield from getattr(client, operation)(**arguments)[key]
            return
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page[key]


def _functions(aws: _Session) -> Iterator[Item]:
    for function in aws.items("lambda", "list_functions", "Functions"):
        name = function["FunctionName"]
        yield "function", name
        for version in aws.items("lambda", "list_versions_by_function", "Versions", FunctionName=name):
            if version["Version"] != "$LATEST":
                yield "version", name, version["Version"]
        for alias in aws.items("lambda", "list_aliases", "Aliases", FunctionName=name):
            yield "alias", name, alias["Name"], alias["FunctionVersion"]
            yield from _permissions(aws.client("lambda"), name, alias["Name"])


def _permissions(client: Any, function: str, qualifier: str) -> Iterator[Item]:
    try:
        policy = client.get_policy(FunctionName=function, Qualifier=qualifier)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return
    for statement in json.loads(policy)["Statement"]:
        yield "permission", function, qualifier, statement["Sid"]


def _gateway(aws: _Session) -> Iterator[Item]:
    for api in aws.items("apigatewayv2", "get_apis", "Items"):
        own = {"ApiId": api["ApiId"]}
        yield "api", api["ApiId"]
        for kind in ("authorizer", "integration", "route"):
            for item in aws.items("apigatewayv2", f"get_{kind}s", "Items", **own):
                yield kind, item[f"{kind.title()}Id"]
        for stage in aws.items("apigatewayv2", "get_stages", "Items", **own):
            yield "stage", stage["StageName"]


def _roles(aws: _Session) -> Iterator[Item]:
    for role in aws.items("iam", "list_roles", "Roles"):
        yield "role", role["RoleName"]
        for policy in aws.items("iam", "list_role_policies", "PolicyNames", RoleName=role["RoleName"]):
            yield "role policy", role["RoleName"], policy


def _rest(aws: _Session) -> Iterator[Item]:
    for group in aws.items("logs", "describe_log_groups", "logGroups"):
        yield "log group", group["logGroupName"]
    for table in aws.items("dynamodb", "list_tables", "TableNames"):
        yield "table", table
    for secret in aws.items("secretsmanager", "list_secrets", "SecretList"):
        yield "secret", secret["ARN"]
    for repository in aws.items("ecr", "describe_repositories", "repositories"):
        name = repository["repositoryName"]
        yield "repository", name
        for image in aws.items("ecr", "describe_images", "imageDetails", repositoryName=name):
            for tag in image.get("imageTags", ["without a tag"]):
                yield "image", name, tag
