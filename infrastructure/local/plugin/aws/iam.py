"""AWS Identity and Access Management: roles and what they may do."""

from typing import Final

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.shapes import document, number, text

_MISSING: Final = ("NoSuchEntity", "NoSuchEntityException")
_EXISTING: Final = ("EntityAlreadyExists", "EntityAlreadyExistsException")

ROLE: Final = AwsType(
    name="aws:iam/role:Role",
    label="IAM Role",
    service="iam",
    inputs={
        "name": text("RoleName", replaces=True, autoname=True),
        "assumeRolePolicy": document("AssumeRolePolicyDocument", required=True),
        "description": text(),
        "maxSessionDuration": number(default=3600),
        "path": text(replaces=True, default="/"),
        "tags": TAGS,
    },
    found={"arn": "Arn", "createDate": "CreateDate", "uniqueId": "RoleId"},
    identity=("name",),
    create="create_role",
    id=lambda inputs, _answer: str(inputs["name"]),
    key=lambda at: {"RoleName": at["name"]},
    looks=(Look(operation="get_role", path="Role"),),
    aspects=(
        Aspect(
            properties=("assumeRolePolicy",),
            put="update_assume_role_policy",
            rename={"AssumeRolePolicyDocument": "PolicyDocument"},
        ),
        Aspect(properties=("description", "maxSessionDuration"), put="update_role"),
    ),
    tagging=Tagging(style="pairs", target="RoleName", of="id", tag="tag_role", untag="untag_role"),
    delete="delete_role",
    existing=_EXISTING,
    missing=_MISSING,
)

ROLE_POLICY: Final = AwsType(
    name="aws:iam/rolePolicy:RolePolicy",
    label="IAM Role Policy",
    service="iam",
    inputs={
        "name": text("PolicyName", replaces=True, autoname=True),
        "role": text("RoleName", required=True, replaces=True),
        "policy": document("PolicyDocument", required=True),
    },
    identity=("role", "name"),
    create="put_role_policy",
    id=lambda inputs, _answer: f"{inputs['role']}:{inputs['name']}",
    key=lambda at: {"RoleName": at["role"], "PolicyName": at["name"]},
    looks=(Look(operation="get_role_policy"),),
    aspects=(Aspect(properties=("policy",), put="put_role_policy", whole=True),),
    delete="delete_role_policy",
    missing=_MISSING,
)
