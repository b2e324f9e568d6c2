"""Words for what the tests of the program look at."""

import json
from typing import Any

import routes
from tests.support.recorded import Recorded

KINDS = ("local", "local-7", "dev", "staging", "prod")
"""A stack of every kind."""

ALL_ROUTES = (*routes.ROUTES, routes.FALLBACK)
ALL_FUNCTIONS = (*dict.fromkeys(route.function_name for route in ALL_ROUTES), "authorizer")

ALIAS = "aws:lambda/alias:Alias"
FUNCTION = "aws:lambda/function:Function"
INVOCATION = "aws:lambda/invocation:Invocation"
PERMISSION = "aws:lambda/permission:Permission"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROUTE = "aws:apigatewayv2/route:Route"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


def statements(recorded: Recorded, name: str) -> dict[str, dict[str, Any]]:
    """The statements of the policy of the role that one function has, by their ids."""
    role = recorded.named(f"{name}-function").inputs["role"].removeprefix("arn:aws:::")
    [policy] = (
        json.loads(item.inputs["policy"]) for item in recorded.of(ROLE_POLICY) if item.inputs["role"] == role
    )
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def variables(recorded: Recorded, name: str) -> dict[str, str]:
    """The environment of one function."""
    found: dict[str, str] = recorded.named(f"{name}-function").inputs["environment"]["variables"]
    return found
