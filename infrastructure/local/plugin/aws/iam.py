"""AWS Identity and Access Management: roles and what they may do."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import TAGS, Aspect, AwsType, Look, Tagging
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import document, flag, number, text
from infrastructure.local.plugin.values import Properties, Value, mapping

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
        "forceDetachPolicies": flag(virtual=True),
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

ROLE_POLICY_ATTACHMENT: Final = AwsType(
    name="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    label="IAM Role Policy Attachment",
    service="iam",
    inputs={
        "role": text("RoleName", required=True, replaces=True),
        "policyArn": text(required=True, replaces=True),
    },
    identity=("role", "policyArn"),
    create="attach_role_policy",
    id=lambda inputs, _answer: f"{inputs['role']}/{inputs['policyArn']}",
    key=lambda at: {"RoleName": at["role"], "PolicyArn": at["policyArn"]},
    delete="detach_role_policy",
    missing=_MISSING,
)


class RoleLifecycle(AwsLifecycle):
    """A role cannot go while it has policies."""

    @override
    def delete(self, physical: Physical) -> None:
        """Takes its policies off first when ``forceDetachPolicies`` is set."""
        if physical.get("forceDetachPolicies"):
            self._detach_all(self.kind.key(physical))
        super().delete(physical)

    def _detach_all(self, role: Properties) -> None:
        try:
            attached = self.cloud.every("iam", "list_attached_role_policies", "AttachedPolicies", role)
            inline = self.cloud.every("iam", "list_role_policies", "PolicyNames", role)
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise
            return
        for policy in attached:
            self.call("detach_role_policy", {**role, "PolicyArn": mapping(policy)["PolicyArn"]})
        for name in inline:
            self.call("delete_role_policy", {**role, "PolicyName": name})


class AttachmentLifecycle(AwsLifecycle):
    """An attachment shows only in the list of a role's attachments."""

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The attachment itself, when it is in that list."""
        role: Value = physical["role"]
        try:
            found = self.cloud.every(
                "iam", "list_attached_role_policies", "AttachedPolicies", {"RoleName": role}
            )
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise
            return None
        wanted = physical["policyArn"]
        return next(
            (mapping(each) | {"RoleName": role} for each in found if mapping(each)["PolicyArn"] == wanted),
            None,
        )
