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
    "apigateway:DELETE",
    "apigateway:GET",
    "apigateway:PATCH",
    "apigateway:POST",
    "apigateway:PUT",
    "apigateway:TagResource",
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
    """Everything with what has the stack's name. A role that is made is given to Lambda alone."""
    base, region = settings.names.base, settings.region
    known = {"base": base, "project": PROJECT, "stack": settings.stack}
    named = {
        service: [
            f"arn:aws:{service}:{'' if service == 'iam' else region}:{account}:{name.format(**known)}"
            for name in names
        ]
        for service, names in _OWN_NAMES.items()
    }
    passed = named.pop("iam")
    return [
        *(_allow([f"{service}:*"], arns) for service, arns in named.items()),
        _allow(
            [
                *(f"iam:{action}Role" for action in ("Create", "Delete", "Get", "Tag", "Untag", "Update")),
                *(f"iam:{action}RolePolicy" for action in ("Delete", "Get", "Put")),
                *(
                    f"iam:List{what}"
                    for what in ("AttachedRolePolicies", "InstanceProfilesForRole", "RolePolicies")
                ),
            ],
            passed,
        ),
        _allow(["iam:PassRole"], passed)
        | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
        {
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": [f"arn:aws:iam::{account}:role/{base}-{purpose}" for purpose in PURPOSES],
        },
        _allow(_UNNAMED, ["*"]),
    ]


def _allow(actions: list[str], resources: list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
