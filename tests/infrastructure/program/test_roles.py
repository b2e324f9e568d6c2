"""The local AWS lets a caller do what its role allows, as AWS does: proven with what the functions themselves try."""

import itertools
import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import routes
from infrastructure.local import aws
from infrastructure.tools import credentials, paths
from tests.conftest import ENVIRONMENT
from tests.infrastructure.conftest import running_docker
from tests.support.checkout import free_port
from tests.support.machine import Machine
from utils.aws import client
from utils.permissions import PermissionsError, require_permissions
from utils.settings import settings

ROUTES = (*routes.ROUTES, routes.FALLBACK)
TABLE = ENVIRONMENT["TABLE_NAME"]
SECRETS = {
    "signing-keys": ENVIRONMENT["SIGNING_KEYS_SECRET"],
    "public-keys": ENVIRONMENT["PUBLIC_KEYS_SECRET"],
    "seed": ENVIRONMENT["SEED_SECRET"],
}
ACTIONS = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
NUMBERS = itertools.count(1)

type Allow = Callable[..., None]


def root(service: str) -> Any:
    """A client with the credentials of a deploy."""
    own = credentials.local_aws()
    session: Any = boto3.Session(own.access_key, own.secret_key, region_name="us-east-1")
    return session.client(service, endpoint_url=paths.aws_endpoint())


@pytest.fixture(scope="module", autouse=True)
def arns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A local AWS with the table and the secrets of a stack; the ARNs of these."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        Machine(tmp_path_factory.mktemp("machine"), monkeypatch)
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
        with running_docker(monkeypatch):
            aws.ensure()
            yield created()
            aws.stop()


def created() -> dict[str, str]:
    """Makes the table and the secrets; their ARNs."""
    table = root("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    create = root("secretsmanager").create_secret
    secrets = {name: create(Name=secret, SecretString="{}")["ARN"] for name, secret in SECRETS.items()}
    return {"table": table["TableDescription"]["TableArn"], **secrets}


@pytest.fixture
def allow(arns: dict[str, str], environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Allow]:
    """Gives the role of this process a policy that allows actions on the table and reading secrets."""
    iam = root("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = f"psn-emulator-test-function-{next(NUMBERS)}"
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    credentials = root("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", paths.aws_endpoint())
    client.cache_clear()

    def give(actions: Collection[str] = (), secrets: Collection[str] = ()) -> None:
        allowed = [("logs:PutLogEvents", "*")]
        allowed += [(f"dynamodb:{action}", arns["table"]) for action in actions]
        allowed += [("secretsmanager:GetSecretValue", arns[name]) for name in secrets]
        statements = [{"Effect": "Allow", "Action": one, "Resource": where} for one, where in allowed]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName="function", PolicyDocument=policy)

    yield give
    client.cache_clear()
    settings.cache_clear()


def test_the_role_of_every_row_is_what_its_function_finds(allow: Allow) -> None:
    for route in ROUTES:
        allow(route.table, route.secrets)
        require_permissions(route.table, route.secrets, 0)


def test_each_permission_that_is_taken_away_is_missed(allow: Allow) -> None:
    for route in ROUTES:
        for lost in (*route.table, *route.secrets):
            allow(set(route.table) - {lost}, set(route.secrets) - {lost})
            with pytest.raises(PermissionsError, match=rf"it refuses [^,]*{lost}$"):
                require_permissions(route.table, route.secrets, 0)


def test_each_permission_that_is_added_is_noticed(allow: Allow) -> None:
    for action in ACTIONS:
        allow({action})
        with pytest.raises(PermissionsError, match=rf"it allows dynamodb:{action}$"):
            require_permissions((), (), 0)
    for secret in SECRETS:
        allow((), {secret})
        with pytest.raises(PermissionsError, match=rf"it allows reading the secret {secret}$"):
            require_permissions((), (), 0)


def test_a_role_says_nothing_of_other_services(allow: Allow) -> None:
    allow(ACTIONS, SECRETS)
    functions: Any = client("lambda")
    with pytest.raises(ClientError, match="AccessDenied"):
        functions.list_functions()


def test_the_credentials_of_a_deploy_may_do_everything(arns: dict[str, str]) -> None:
    item = {"pk": {"S": "a"}, "sk": {"S": "-"}}
    root("dynamodb").put_item(TableName=TABLE, Item=item)
    assert root("dynamodb").scan(TableName=TABLE)["Items"] == [item]
    assert root("secretsmanager").get_secret_value(SecretId=SECRETS["seed"])["SecretString"] == "{}"
    assert root("lambda").list_functions()["Functions"] == []
    root("iam").create_user(UserName="someone")


def test_unknown_credentials_open_nothing(arns: dict[str, str]) -> None:
    session: Any = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1")
    stranger = session.client("dynamodb", endpoint_url=paths.aws_endpoint())
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.scan(TableName=TABLE)
