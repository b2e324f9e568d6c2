"""Known rules over the program's resources, under the names that checkov gives them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import routes
from tests.infrastructure.conftest import Declared, WriteStack
from tests.policies.exceptions import EXCEPTIONS, ON_SOME_STACKS, OPEN_ROUTES, is_excepted
from tests.support.recorded import Resource, record
from tests.support.stacks import KINDS
from tests.support.stacks import statements as statements_of

Rule = Callable[[dict[str, Any]], bool]

_KEY = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|\"d\":|\$argon2|password123", re.IGNORECASE)


def statements(inputs: dict[str, Any]) -> Iterator[tuple[list[str], list[str]]]:
    """The actions and the resources of every statement of a policy."""
    for statement in json.loads(inputs["policy"])["Statement"]:
        resource = statement["Resource"]
        yield statement["Action"], [resource] if isinstance(resource, str) else resource


def principals(inputs: dict[str, Any]) -> list[Any]:
    """Who may take a role."""
    return [statement["Principal"] for statement in json.loads(inputs["assumeRolePolicy"])["Statement"]]


def allows_none_of(*actions: str) -> Rule:
    """Whether a policy allows none of the actions, which may end in ``*``."""

    def rule(inputs: dict[str, Any]) -> bool:
        allowed = [action for names, _ in statements(inputs) for action in names]
        patterns = [re.compile(re.escape(action).replace(r"\*", ".*"), re.IGNORECASE) for action in actions]
        return not any(pattern.fullmatch(action) for pattern in patterns for action in allowed)

    return rule


def names_resources(inputs: dict[str, Any]) -> bool:
    """Whether no statement of a policy is about every resource."""
    return all("*" not in resources for _, resources in statements(inputs))


RULES: dict[tuple[str, str], Rule] = {
    ("aws:apigatewayv2/route:Route", "CKV_AWS_309"): lambda route: route["authorizationType"] != "NONE",
    ("aws:apigatewayv2/stage:Stage", "CKV_AWS_76"): lambda stage: bool(
        stage["accessLogSettings"]["destinationArn"]
    ),
    ("aws:apigatewayv2/stage:Stage", "CKV2_AWS_51"): lambda stage: "clientCertificateId" in stage,
    ("aws:cloudwatch/logGroup:LogGroup", "CKV_AWS_66"): lambda group: group["retentionInDays"] > 0,
    ("aws:cloudwatch/logGroup:LogGroup", "CKV_AWS_158"): lambda group: "kmsKeyId" in group,
    ("aws:cloudwatch/logGroup:LogGroup", "CKV_AWS_338"): lambda group: group["retentionInDays"] >= 365,
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "CKV_AWS_319"): lambda alarm: alarm.get(
        "actionsEnabled", True
    ),
    ("aws:kms/key:Key", "CKV_AWS_7"): lambda key: key["enableKeyRotation"],
    ("aws:kms/key:Key", "CKV_AWS_33"): lambda key: all(
        statement["Principal"] not in ("*", {"AWS": "*"})
        for statement in json.loads(key["policy"])["Statement"]
    ),
    # CloudWatch cannot publish to a topic under the key that AWS manages.
    ("aws:sns/topic:Topic", "CKV_AWS_26"): lambda topic: (
        topic.get("kmsMasterKeyId", "alias/aws/sns") != "alias/aws/sns"
    ),
    ("aws:sns/topic:Topic", "CKV_AWS_169"): lambda topic: all(
        statement["Principal"] not in ("*", {"AWS": "*"})
        for statement in json.loads(topic.get("policy", '{"Statement": []}'))["Statement"]
    ),
    ("aws:sns/topicSubscription:TopicSubscription", "in transit"): lambda subscription: (
        subscription["protocol"] in {"email", "https"}
    ),
    ("aws:dynamodb/table:Table", "CKV_AWS_28"): lambda table: bool(table["pointInTimeRecovery"]["enabled"]),
    ("aws:dynamodb/table:Table", "CKV_AWS_119"): lambda table: bool(
        table["serverSideEncryption"].get("kmsKeyArn")
    ),
    ("aws:ecr/repository:Repository", "CKV_AWS_51"): lambda images: (
        images["imageTagMutability"] == "IMMUTABLE"
    ),
    ("aws:ecr/repository:Repository", "CKV_AWS_163"): lambda images: bool(
        images["imageScanningConfiguration"]["scanOnPush"]
    ),
    ("aws:ecr/repository:Repository", "CKV_AWS_136"): lambda images: (
        images["encryptionConfigurations"][0]["encryptionType"] == "KMS"
    ),
    ("aws:iam/role:Role", "CKV_AWS_60"): lambda role: all(
        who != "*" and who.get("AWS") != "*" for who in principals(role)
    ),
    ("aws:iam/role:Role", "CKV_AWS_61"): lambda role: all("AWS" not in who for who in principals(role)),
    ("aws:iam/role:Role", "CKV_AWS_274"): lambda role: not role.get("managedPolicyArns"),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_62"): lambda policy: (
        not any("*" in actions and "*" in resources for actions, resources in statements(policy))
    ),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_63"): lambda policy: (
        not any("*" in action for actions, _ in statements(policy) for action in actions)
    ),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_286"): allows_none_of("iam:*", "lambda:*", "sts:AssumeRole"),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_287"): allows_none_of("sts:*", "ecr:GetAuthorizationToken"),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_288"): names_resources,
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_289"): allows_none_of(
        "*:Put*Policy", "*:AddPermission", "*:Tag*"
    ),
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_290"): names_resources,
    ("aws:iam/rolePolicy:RolePolicy", "CKV_AWS_355"): names_resources,
    ("aws:lambda/function:Function", "CKV_AWS_45"): lambda function: not _KEY.search(json.dumps(function)),
    ("aws:lambda/function:Function", "CKV_AWS_50"): lambda function: (
        function["tracingConfig"]["mode"] == "Active"
    ),
    ("aws:lambda/function:Function", "CKV_AWS_115"): lambda function: (
        "reservedConcurrentExecutions" in function
    ),
    ("aws:lambda/function:Function", "CKV_AWS_116"): lambda function: "deadLetterConfig" in function,
    ("aws:lambda/function:Function", "CKV_AWS_117"): lambda function: "vpcConfig" in function,
    ("aws:lambda/function:Function", "CKV_AWS_173"): lambda function: "kmsKeyArn" in function,
    ("aws:lambda/function:Function", "CKV_AWS_272"): lambda function: "codeSigningConfigArn" in function,
    ("aws:lambda/permission:Permission", "CKV_AWS_301"): lambda permission: permission["principal"] != "*",
    ("aws:lambda/permission:Permission", "CKV_AWS_364"): lambda permission: bool(permission["sourceArn"]),
    ("aws:secretsmanager/secret:Secret", "CKV_AWS_149"): lambda secret: "kmsKeyId" in secret,
    ("aws:secretsmanager/secret:Secret", "CKV2_AWS_57"): lambda secret: "rotationRules" in secret,
}
"""What each rule asks of the inputs of a resource of its type."""


def violations(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    """Each rule that a resource breaks."""
    for resource in resources:
        for (type_, name), rule in RULES.items():
            if type_ == resource.type and not rule(resource.inputs):
                yield name, resource


@pytest.mark.parametrize("stack", KINDS)
def test_known_rules_are_kept_but_for_those_with_a_reason(declared: Declared, stack: str) -> None:
    for rule, resource in violations(declared(stack).resources):
        route = resource.inputs.get("routeKey")
        assert is_excepted(rule, stack, route), f"{resource.name} breaks {rule}"


def test_every_exception_is_still_needed(declared: Declared) -> None:
    broken = {(rule, stack) for stack in KINDS for rule, _ in violations(declared(stack).resources)}
    assert set(EXCEPTIONS) <= {rule for rule, _ in broken}
    for rule, (stacks, _) in ON_SOME_STACKS.items():
        assert {(rule, stack) for stack in stacks} <= broken


def test_every_open_route_is_there_and_asks_for_no_scope() -> None:
    assert {route.key for route in routes.ROUTES if route.scope is None} | {"$default"} == OPEN_ROUTES


@pytest.mark.parametrize("stack", KINDS)
def test_a_wildcard_is_in_a_policy_only_where_aws_has_no_finer_name(declared: Declared, stack: str) -> None:
    for policy in declared(stack).of("aws:iam/rolePolicy:RolePolicy"):
        for actions, resources in statements(policy.inputs):
            assert not any("*" in action for action in actions)
            for resource in resources:
                own_streams = resource.endswith(":log-stream:*") and resource.count("*") == 1
                traces = resource == "*" and all(action.startswith("xray:Put") for action in actions)
                assert "*" not in resource or own_streams or traces, policy.name


KEY = "arn:aws:kms:eu-west-1:123456789012:key/0190f3c4-5a00-7000-8000-000000000001"
BY_KEY = {"CKV_AWS_26", "CKV_AWS_119", "CKV_AWS_136", "CKV_AWS_149", "CKV_AWS_158"}


@pytest.mark.usefixtures("few_routes", "every_stack")
def test_a_stack_with_a_key_of_its_own_needs_no_exception_for_encryption(write_stack: WriteStack) -> None:
    write_stack("staging", architecture="arm64", image_by_promotion=False, kms_key=KEY)
    recorded = record("staging")
    assert BY_KEY.isdisjoint(rule for rule, _ in violations(recorded.resources))
    assert recorded.named("alarms").inputs["kmsMasterKeyId"] == KEY
    assert recorded.of("aws:kms/key:Key") == []
    of_function = {name: statements_of(recorded, name) for name in ("players-get", "authorizer", "root")}
    assert of_function["players-get"]["Key"] == {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": KEY,
    }
    assert "Table" not in of_function["authorizer"]
    assert "Key" not in of_function["root"]
