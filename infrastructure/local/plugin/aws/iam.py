"""AWS Identity and Access Management: roles and their policies."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, AwsType, ReadOperation, Tagging, UpdateOperation
from infrastructure.local.plugin.shapes import json_string, number, string

_MISSING: Final = ("NoSuchEntity", "NoSuchEntityException")
_EXISTING: Final = ("EntityAlreadyExists", "EntityAlreadyExistsException")

ROLE: Final = AwsType(
    name="aws:iam/role:Role",
    label="IAM Role",
    service="iam",
    inputs={
        "name": string("RoleName", replaces=True, autoname=True),
        "assumeRolePolicy": json_string("AssumeRolePolicyDocument", required=True),
        "description": string(),
        "maxSessionDuration": number(default=3600),
        "path": string(replaces=True, default="/"),
        "tags": TAGS,
    },
    described_outputs={"arn": "Arn", "createDate": "CreateDate", "uniqueId": "RoleId"},
    identity=("name",),
    create="create_role",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda resource: {"RoleName": resource["name"]},
    reads=(ReadOperation(operation="get_role", path="Role"),),
    updates=(
        UpdateOperation(
            properties=("assumeRolePolicy",),
            put="update_assume_role_policy",
            rename={"AssumeRolePolicyDocument": "PolicyDocument"},
        ),
        UpdateOperation(properties=("description", "maxSessionDuration"), put="update_role"),
    ),
    tagging=Tagging(style="pairs", target="RoleName", target_is="id", tag="tag_role", untag="untag_role"),
    delete="delete_role",
    exists_codes=_EXISTING,
    missing_codes=_MISSING,
)

ROLE_POLICY: Final = AwsType(
    name="aws:iam/rolePolicy:RolePolicy",
    label="IAM Role Policy",
    service="iam",
    inputs={
        "name": string("PolicyName", replaces=True, autoname=True),
        "role": string("RoleName", required=True, replaces=True),
        "policy": json_string("PolicyDocument", required=True),
    },
    identity=("role", "name"),
    create="put_role_policy",
    id=lambda inputs, _answer: f"{inputs['role']}:{inputs['name']}",
    key=lambda resource: {"RoleName": resource["role"], "PolicyName": resource["name"]},
    reads=(ReadOperation(operation="get_role_policy"),),
    updates=(UpdateOperation(properties=("policy",), put="put_role_policy", whole=True),),
    delete="delete_role_policy",
    missing_codes=_MISSING,
)
