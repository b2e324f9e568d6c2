"""What an AWS account has to have before its first deploy: a place for the engine's state, roles for GitHub's jobs.

Made by calls of AWS and not by the engine, whose state lives in it. What is there is kept as it is, but for the
policies of the roles and their boundary, which are brought up to date.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.cloud import session
from infrastructure.commands import bootstrap_policies as policies
from infrastructure.errors import DeployError
from infrastructure.stack.names import PROJECT
from infrastructure.stack.settings import Settings

GITHUB = "token.actions.githubusercontent.com"
"""The issuer of GitHub's OIDC tokens ("About security hardening with OpenID Connect" in GitHub's documentation)."""
_KEY_ALIAS = f"alias/{PROJECT}-state"


@dataclass(frozen=True, slots=True)
class Part:
    """A thing that the account has to have: what it is called, whether it ``is_there``, and what makes it."""

    kind: str
    name: str
    is_there: bool
    make: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Account:
    """The account and region that the credentials of a stack open."""

    settings: Settings
    number: str

    @property
    def bucket(self) -> str:
        """The name of the state's bucket, of which there may be one in the world."""
        return f"{PROJECT}-state-{self.number}-{self.settings.region}"

    @property
    def roles(self) -> dict[str, str]:
        """The names of the roles that GitHub's jobs take, by what for."""
        return {purpose: f"{PROJECT}-{self.settings.stack}-{purpose}" for purpose in policies.PURPOSES}

    @property
    def backend(self) -> str:
        """The engine's backend, as ``PULUMI_BACKEND_URL`` names it."""
        return f"s3://{self.bucket}?region={self.settings.region}"

    @property
    def secrets_provider(self) -> str:
        """The provider of the engine's secrets, as ``pulumi stack init --secrets-provider`` takes it."""
        return f"awskms://{_KEY_ALIAS}?region={self.settings.region}"

    @property
    def boundary(self) -> str:
        """The ARN of the policy that bounds what the functions' roles may do."""
        return policies.boundary_arn(self.settings, self.number)

    def role_arn(self, purpose: str) -> str:
        """The ARN of the role for that purpose."""
        return f"arn:aws:iam::{self.number}:role/{self.roles[purpose]}"


def find_account(settings: Settings) -> Account:
    """The account of the stack. Raises ``DeployError`` for a local stack, and where AWS refuses the credentials or they
    are those of another account than the settings name."""
    if settings.local:
        raise DeployError(
            f"Stack {settings.stack!r} is in the local AWS, which needs nothing made before.",
            "Name a stack on AWS: make bootstrap STACK=dev REPOSITORY=owner/name",
        )
    session.check_credentials(settings)
    return Account(settings, session.client(settings, "sts").get_caller_identity()["Account"])


def plan(account: Account, repository: str) -> Iterator[Part]:
    """Each part in the order in which they are made; ``repository`` is the one on GitHub, ``owner/name``, whose jobs
    may preview and deploy the stack."""
    kms, s3, iam = (session.client(account.settings, service) for service in ("kms", "s3", "iam"))
    provider = f"arn:aws:iam::{account.number}:oidc-provider/{GITHUB}"
    yield Part(
        "key of the state",
        _KEY_ALIAS,
        _found(lambda: kms.describe_key(KeyId=_KEY_ALIAS)),
        lambda: _make_key(kms),
    )
    yield Part(
        "bucket of the state",
        account.bucket,
        _found(lambda: s3.head_bucket(Bucket=account.bucket)),
        lambda: _make_bucket(s3, account),
    )
    yield Part(
        "identity provider",
        GITHUB,
        _found(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)),
        lambda: iam.create_open_id_connect_provider(
            Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"], Tags=_tags()
        ),
    )
    bounds = policies.boundary(account.settings, account.number)
    yield Part(
        "boundary of the functions' roles",
        account.boundary,
        _boundary_document(iam, account.boundary) == json.loads(bounds),
        partial(_make_boundary, iam, account.boundary, bounds),
    )
    for purpose, role in account.roles.items():
        policy = policies.policy(purpose, account.settings, account.number, account.bucket)
        yield Part(
            f"role of GitHub's jobs that {purpose}",
            role,
            _role_document(iam, role, purpose) == json.loads(policy),
            partial(
                _make_role,
                iam,
                role,
                purpose,
                trust=policies.trust_policy(provider, repository, account.settings.stack, purpose),
                policy=policy,
            ),
        )


def _found(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchBucket", "NoSuchEntity", "NotFoundException"}:
            return False
        raise
    return True


def _role_document(iam: Any, role: str, policy: str) -> Any:
    """The policy of that name that the role has; ``None`` without one."""
    ask = partial(iam.get_role_policy, RoleName=role, PolicyName=policy)
    return ask()["PolicyDocument"] if _found(ask) else None


def _boundary_document(iam: Any, arn: str) -> Any:
    """The policy as it is in force; ``None`` without one."""
    ask = partial(iam.get_policy, PolicyArn=arn)
    if not _found(ask):
        return None
    version = ask()["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _make_boundary(iam: Any, arn: str, document: str) -> None:
    """Makes the policy, or a version of it that is in force; of those before, the last stays (five is the quota)."""
    if not _found(partial(iam.get_policy, PolicyArn=arn)):
        iam.create_policy(PolicyName=arn.rpartition("/")[2], PolicyDocument=document, Tags=_tags())
        return
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def _make_key(kms: Any) -> None:
    key = kms.create_key(
        Description=f"Encrypts the secrets and the state of {PROJECT}'s stacks",
        Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in _tags()],
    )["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    kms.create_alias(AliasName=_KEY_ALIAS, TargetKeyId=key)


def _make_bucket(s3: Any, account: Account) -> None:
    region, bucket = account.settings.region, account.bucket
    # The one region that S3 does not take as a constraint (CreateBucket in its API reference).
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _KEY_ALIAS}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": key, "BucketKeyEnabled": True}]
        },
    )
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    refused = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": arns,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [refused]}))


def _make_role(iam: Any, role: str, purpose: str, *, trust: str, policy: str) -> None:
    if not _found(lambda: iam.get_role(RoleName=role)):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, Tags=_tags())
    iam.put_role_policy(RoleName=role, PolicyName=purpose, PolicyDocument=policy)


def _tags() -> list[dict[str, str]]:
    return [{"Key": "Project", "Value": PROJECT}]
