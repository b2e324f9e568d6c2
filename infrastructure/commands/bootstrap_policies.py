"""Who may take the roles of GitHub's jobs, and what these allow."""

import json

from infrastructure.stack.names import PROJECT
from infrastructure.stack.settings import Settings

PURPOSES = ("deploy", "preview")
"""What GitHub's jobs take a role for, of which each has the one policy of that name. A job that deploys is one of the
environment of the stack's name, one that previews of ``<stack>-preview``."""

_OWN_NAMES = {
    "cloudwatch": ("alarm:{base}*", "dashboard/{base}*"),
    "dynamodb": ("table/{base}", "table/{base}/*"),
    "ecr": ("repository/{base}",),
    "iam": ("role/{base}-*",),
    "lambda": ("function:{base}-*", "function:{base}-*:*"),
    "logs": ("log-group:/aws/lambda/{base}-*", "log-group:/aws/vendedlogs/{base}/*"),
    "secretsmanager": ("secret:{project}/{stack}/*",),
    "sns": ("{base}*",),
    "sqs": ("{base}*",),
}
"""What of each service a deploy may do everything with: what has the stack's name."""

_UNNAMED = [
    "cloudwatch:DescribeAlarms",
    "ecr:GetAuthorizationToken",
    "lambda:GetAccountSettings",
    "lambda:ListFunctions",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DeleteQueryDefinition",
    "logs:DescribeLogGroups",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutQueryDefinition",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sts:GetCallerIdentity",
]
"""What AWS grants for no resource of a name known beforehand (Service Authorization Reference)."""


_GATEWAY = [f"apigateway:{method}" for method in ("DELETE", "GET", "PATCH", "POST", "PUT", "TagResource")]
_BOUNDED = ("CreateRole", "DeleteRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy")
"""What is allowed with roles within the boundary only (Service Authorization Reference, IAM: those that know
``iam:PermissionsBoundary``)."""
_DATA = ("BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
_KEYS = (
    *("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"),
    *("EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion", "UpdateKeyDescription"),
)
"""What a deploy does with the key of the alarms' topic, once it is made."""


def boundary(settings: Settings, account: str) -> str:
    """The permissions boundary of the stack's functions as JSON: the most that any role of the stack may do, whatever
    its own policies say ("Permissions boundaries for IAM entities" in IAM's guide)."""
    base, region = settings.names.base, settings.region
    table = f"arn:aws:dynamodb:{region}:{account}:table/{base}"
    logs = f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{base}-*"
    secrets = f"arn:aws:secretsmanager:{region}:{account}:secret:{PROJECT}/{settings.stack}/*"
    through = [f"{service}.{region}.amazonaws.com" for service in ("dynamodb", "secretsmanager")]
    return _document(
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs]),
        _allow([f"dynamodb:{action}" for action in _DATA], [table, f"{table}/index/*"]),
        _allow(["secretsmanager:GetSecretValue"], [secrets]),
        _allow(["kms:Decrypt"], [f"arn:aws:kms:{region}:{account}:key/*"])
        | {"Condition": {"StringEquals": {"kms:ViaService": through}}},
        _allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]),
    )


def boundary_arn(settings: Settings, account: str) -> str:
    """The ARN of the policy that :func:`boundary` is."""
    return f"arn:aws:iam::{account}:policy/{settings.names.base}-boundary"


def trust_policy(provider: str, repository: str, stack: str, purpose: str) -> str:
    """The trust policy as JSON: jobs of the ``repository``'s environment for the purpose, and no others."""
    environment = stack if purpose == "deploy" else f"{stack}-{purpose}"
    issuer = provider.partition("oidc-provider/")[2]
    return _document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": provider},
            "Condition": {
                "StringEquals": {
                    f"{issuer}:aud": "sts.amazonaws.com",
                    f"{issuer}:sub": f"repo:{repository}:environment:{environment}",
                }
            },
        }
    )


def policy(purpose: str, settings: Settings, account: str, bucket: str) -> str:
    """The policy of the role for ``purpose`` as JSON."""
    of_deploys = _deploys(settings, account) if purpose == "deploy" else []
    return _document(*_state(settings, account, bucket, writes=purpose == "deploy"), *of_deploys)


def _state(settings: Settings, account: str, bucket: str, *, writes: bool) -> list[dict[str, object]]:
    """Reading the engine's state and the images of other stacks, which a promotion copies."""
    region = settings.region
    objects = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"] if writes else ["s3:GetObject"]
    uses = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
    images = ["BatchCheckLayerAvailability", "BatchGetImage", "DescribeImages", "GetDownloadUrlForLayer"]
    of_state = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{PROJECT}-state"}}
    return [
        _allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"]),
        _allow(objects, [f"arn:aws:s3:::{bucket}/*"]),
        _allow(uses, [f"arn:aws:kms:{region}:{account}:key/*"]) | {"Condition": of_state},
        _allow(
            [f"ecr:{action}" for action in images], [f"arn:aws:ecr:{region}:{account}:repository/{PROJECT}-*"]
        ),
    ]


def _deploys(settings: Settings, account: str) -> list[dict[str, object]]:
    """Everything with what has the stack's name. A role is made within the boundary, and given to Lambda alone."""
    base, region = settings.names.base, settings.region
    known = {"base": base, "project": PROJECT, "stack": settings.stack}
    named = {
        service: [
            f"arn:aws:{service}:{'' if service == 'iam' else region}:{account}:{name.format(**known)}"
            for name in names
        ]
        for service, names in _OWN_NAMES.items()
    }
    roles = named.pop("iam")
    return [
        *(_allow([f"{service}:*"], arns) for service, arns in named.items()),
        _allow(_GATEWAY, [f"arn:aws:apigateway:{region}::/{what}" for what in ("apis", "apis/*", "tags/*")]),
        *_roles(roles, boundary_arn(settings, account)),
        *_keys(settings, account),
        {
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": [f"arn:aws:iam::{account}:role/{base}-{purpose}" for purpose in PURPOSES],
        },
        _allow(_UNNAMED, ["*"]),
    ]


def _roles(arns: list[str], bounded_by: str) -> list[dict[str, object]]:
    """What a deploy does with the functions' roles: nothing that gives one more than the boundary does."""
    return [
        _allow([f"iam:{action}" for action in _BOUNDED], arns)
        | {"Condition": {"StringEquals": {"iam:PermissionsBoundary": bounded_by}}},
        _allow(
            [
                *(f"iam:{action}Role" for action in ("Delete", "Get", "Tag", "Untag", "Update")),
                "iam:GetRolePolicy",
                *(
                    f"iam:List{what}"
                    for what in ("AttachedRolePolicies", "InstanceProfilesForRole", "RolePolicies")
                ),
            ],
            arns,
        ),
        _allow(["iam:PassRole"], arns)
        | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
    ]


def _keys(settings: Settings, account: str) -> list[dict[str, object]]:
    """Making the key of the alarms' topic, which is the stack's by its tags. A key with an alias is somebody's: it gets
    no tag, which would make it the stack's."""
    keys = [f"arn:aws:kms:{settings.region}:{account}:key/*"]
    tags = settings.names.tags
    return [
        _allow(["kms:CreateKey", "kms:TagResource"], ["*"])
        | {"Condition": {"StringEquals": {f"aws:RequestTag/{name}": value for name, value in tags.items()}}},
        _allow([f"kms:{action}" for action in _KEYS], keys)
        | {"Condition": {"StringEquals": {f"aws:ResourceTag/{name}": value for name, value in tags.items()}}},
        {
            "Effect": "Deny",
            "Action": "kms:TagResource",
            "Resource": keys,
            "Condition": {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}},
        },
    ]


def _allow(actions: list[str], resources: list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
