"""What the role of GitHub's jobs may do: all that a deploy needs, and nothing that gives it more."""

import json

import pytest

from infrastructure.commands.bootstrap_policies import boundary, boundary_arn, policy
from infrastructure.stack.loading import load_settings
from tests.infrastructure.conftest import Declared, WriteStack
from tests.policies.evaluation import allows
from tests.support.recorded import record

ACCOUNT = "123456789012"
BUCKET = "psn-emulator-state-123456789012-eu-west-1"
DEV = load_settings("dev")
DEPLOY = policy("deploy", DEV, ACCOUNT, BUCKET)
BOUNDARY = boundary(DEV, ACCOUNT)
BOUNDED = {"iam:PermissionsBoundary": boundary_arn(DEV, ACCOUNT)}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/psn-emulator-dev-root-0123abcd"
TO_LAMBDA = {"iam:PassedToService": "lambda.amazonaws.com"}
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0190f3c4"
OWN_TAGS = {"Project": "psn-emulator", "Stack": "dev"}


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}"


def tagged(which: str, tags: dict[str, str]) -> dict[str, str]:
    return {f"aws:{which}Tag/{name}": value for name, value in tags.items()}


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, {}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/other", BOUNDED),
        ("iam:PutRolePolicy", ROLE, {}),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/psn-emulator-dev-deploy", BOUNDED),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/psn-emulator-prod-root-0123abcd", BOUNDED),
        ("iam:PutRolePermissionsBoundary", ROLE, {}),
        ("iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED),
        ("iam:AttachRolePolicy", ROLE, BOUNDED),
        ("iam:UpdateAssumeRolePolicy", ROLE, BOUNDED),
        ("iam:CreatePolicyVersion", boundary_arn(DEV, ACCOUNT), {}),
        ("iam:DeletePolicy", boundary_arn(DEV, ACCOUNT), {}),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/psn-emulator-dev-me", {}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", ROLE, {}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", TO_LAMBDA),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/psn-emulator-dev-deploy", TO_LAMBDA),
        ("sts:AssumeRole", ROLE, {}),
        ("lambda:UpdateFunctionCode", arn("lambda", "function:payroll"), {}),
        ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:psn-emulator/prod/seed-a"), {}),
        ("kms:PutKeyPolicy", KEY, tagged("Resource", {"Project": "psn-emulator", "Stack": "prod"})),
        ("kms:PutKeyPolicy", KEY, {}),
        ("kms:TagResource", KEY, tagged("Request", OWN_TAGS) | {"kms:ResourceAliases": ["alias/payroll"]}),
        ("kms:CreateGrant", KEY, tagged("Resource", OWN_TAGS)),
        ("apigateway:DELETE", "arn:aws:apigateway:eu-west-1::/restapis/payroll", {}),
    ],
)
def test_what_would_give_more_is_refused(action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(DEPLOY, action, resource, context)


def test_the_roles_that_it_makes_within_the_boundary_go_to_lambda() -> None:
    for action in ("CreateRole", "PutRolePolicy", "DeleteRolePolicy", "PutRolePermissionsBoundary"):
        assert allows(DEPLOY, f"iam:{action}", ROLE, BOUNDED)
    for action in ("DeleteRole", "GetRole", "GetRolePolicy", "ListRolePolicies", "TagRole"):
        assert allows(DEPLOY, f"iam:{action}", ROLE)
    assert allows(DEPLOY, "iam:PassRole", ROLE, TO_LAMBDA)


def test_a_role_within_the_boundary_reaches_what_is_the_stacks_and_no_policy_gives_it_more() -> None:
    assert allows(BOUNDARY, "dynamodb:Query", arn("dynamodb", "table/psn-emulator-dev/index/by_status"))
    assert not allows(BOUNDARY, "dynamodb:GetItem", arn("dynamodb", "table/psn-emulator-prod"))
    assert not allows(BOUNDARY, "dynamodb:DeleteTable", arn("dynamodb", "table/psn-emulator-dev"))
    assert not allows(BOUNDARY, "iam:CreateRole", ROLE, BOUNDED)
    assert not allows(BOUNDARY, "s3:GetObject", f"arn:aws:s3:::{BUCKET}/state")
    assert not allows(BOUNDARY, "kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    assert allows(BOUNDARY, "kms:Decrypt", KEY, {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"})


@pytest.mark.usefixtures("few_routes")
def test_the_boundary_holds_whatever_the_program_gives_a_function(declared: Declared) -> None:
    names = {
        "OwnLog": [arn("logs", "log-group:/aws/lambda/psn-emulator-dev-root:log-stream:1")],
        "Table": [arn("dynamodb", "table/psn-emulator-dev")],
        "Indexes": [arn("dynamodb", "table/psn-emulator-dev/index/by_status")],
        "Secrets": [arn("secretsmanager", "secret:psn-emulator/dev/seed-a")],
        "Traces": ["*"],
    }
    given = {
        (action, resource)
        for stack in ("dev", "staging")
        for item in declared(stack).of("aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(item.inputs["policy"])["Statement"]
        for action in statement["Action"]
        for resource in names[statement["Sid"]]
    }
    assert len(given) > 8
    assert [one for one in given if not allows(BOUNDARY, *one)] == []


@pytest.mark.usefixtures("few_routes", "every_stack")
def test_the_functions_roles_are_within_the_boundary_by_setting(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", permissions_boundary=boundary_arn(DEV, ACCOUNT))
    roles = record("dev").of("aws:iam/role:Role")
    assert roles
    assert {role.inputs["permissionsBoundary"] for role in roles} == {boundary_arn(DEV, ACCOUNT)}


MAKES: dict[str, tuple[str, str]] = {
    "aws:apigatewayv2/api:Api": ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis"),
    "aws:apigatewayv2/authorizer:Authorizer": (
        "apigateway:POST",
        "arn:aws:apigateway:eu-west-1::/apis/a/authorizers",
    ),
    "aws:apigatewayv2/integration:Integration": (
        "apigateway:POST",
        "arn:aws:apigateway:eu-west-1::/apis/a/integrations",
    ),
    "aws:apigatewayv2/route:Route": ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis/a/routes"),
    "aws:apigatewayv2/stage:Stage": ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis/a/stages"),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": (
        "cloudwatch:PutCompositeAlarm",
        arn("cloudwatch", "alarm:{name}"),
    ),
    "aws:cloudwatch/dashboard:Dashboard": (
        "cloudwatch:PutDashboard",
        f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:dashboard/{{name}}",
    ),
    "aws:cloudwatch/logGroup:LogGroup": ("logs:CreateLogGroup", arn("logs", "log-group:{name}:*")),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        "cloudwatch:PutMetricAlarm",
        arn("cloudwatch", "alarm:{name}"),
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": ("logs:PutQueryDefinition", "*"),
    "aws:dynamodb/table:Table": ("dynamodb:CreateTable", arn("dynamodb", "table/{name}")),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (
        "ecr:PutLifecyclePolicy",
        arn("ecr", "repository/{repository}"),
    ),
    "aws:ecr/repository:Repository": ("ecr:CreateRepository", arn("ecr", "repository/{name}")),
    "aws:iam/role:Role": ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/{{name}}"),
    "aws:iam/rolePolicy:RolePolicy": (
        "iam:PutRolePolicy",
        f"arn:aws:iam::{ACCOUNT}:role/psn-emulator-dev-root",
    ),
    "aws:kms/key:Key": ("kms:CreateKey", "*"),
    "aws:lambda/alias:Alias": ("lambda:CreateAlias", arn("lambda", "function:psn-emulator-dev-root")),
    "aws:lambda/function:Function": ("lambda:CreateFunction", arn("lambda", "function:{name}")),
    "aws:lambda/invocation:Invocation": (
        "lambda:InvokeFunction",
        arn("lambda", "function:psn-emulator-dev-root:1"),
    ),
    "aws:lambda/permission:Permission": (
        "lambda:AddPermission",
        arn("lambda", "function:psn-emulator-dev-root:live"),
    ),
    "aws:secretsmanager/secret:Secret": (
        "secretsmanager:CreateSecret",
        arn("secretsmanager", "secret:{name}-a"),
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        "secretsmanager:PutSecretValue",
        arn("secretsmanager", "secret:psn-emulator/dev/seed-a"),
    ),
    "aws:sns/topic:Topic": ("sns:CreateTopic", arn("sns", "{name}")),
}
"""How each type of resource is made: the action, and what with."""


@pytest.mark.usefixtures("few_routes")
def test_it_may_make_all_that_the_program_declares(declared: Declared) -> None:
    context = BOUNDED | tagged("Request", OWN_TAGS)
    for item in declared("dev").resources:
        if not item.type.startswith("aws:"):
            continue
        action, resource = MAKES[item.type]
        named = {
            "name": item.inputs.get("dashboardName", item.inputs.get("alarmName", item.inputs.get("name")))
        }
        asked = resource.format(**item.inputs | named)
        assert allows(DEPLOY, action, asked, context), (action, asked)
