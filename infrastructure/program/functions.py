"""The functions: one row a function, one component a row."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infrastructure.program import policies
from infrastructure.release.release import Release
from infrastructure.stack.function_specs import Row, rows
from infrastructure.stack.names import LIVE
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.settings import Settings

_SMOKE_EVENT = json.dumps({"smoke": True})
_ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
_LAMBDA_LOG_LEVELS = {"WARNING": "WARN"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every function is given: its release, its image and what it waits for, its environment variables, and the
    ARNs its roles may name."""

    release: Release
    image_uri: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    variables: Mapping[str, pulumi.Input[str]]
    table_arn: pulumi.Input[str]
    secret_arns: Mapping[str, pulumi.Input[str]]


class Function(pulumi.ComponentResource):
    """A function with roles and a log of its own, and an alias ``live`` that callers go by.

    A published version keeps the role it was made with. So there is a role for every set of permissions that the
    function has in its release or in one that the stack keeps, and a role never changes what it allows.

    Between a new version and the alias stands ``smoke``, an invocation of that very version: when it fails, so
    does the update, and the alias stays where it was. It waits for ``smoke_after``.
    """

    function: aws.lambda_.Function
    smoke: aws.lambda_.Invocation
    alias: aws.lambda_.Alias

    def __init__(
        self,
        row: Row,
        settings: Settings,
        surroundings: Surroundings,
        smoke_after: Sequence[aws.lambda_.Invocation],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("psn-emulator:functions:Function", row.name, None, opts)
        self._row = row
        self._settings = settings
        self._surroundings = surroundings
        self._own = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            f"{row.name}-log",
            name=settings.names.function_log_group(row.name),
            retention_in_days=settings.log_retention_days,
            tags=settings.names.tags,
            opts=self._own,
        )
        sets = surroundings.release.permission_sets(row.name, settings.keep_releases)
        roles = {permissions: self._role(log_group, permissions) for permissions in sets}
        self.function = self._function(log_group, *roles[surroundings.release.permissions[row.name]])
        self.smoke = aws.lambda_.Invocation(
            f"{row.name}-smoke",
            function_name=self.function.name,
            qualifier=self.function.version,
            input=_SMOKE_EVENT,
            opts=pulumi.ResourceOptions(parent=self, depends_on=smoke_after),
        )

    def go_live(self, smokes: Iterable[aws.lambda_.Invocation]) -> None:
        """Points the alias at the new version, once every one of ``smokes`` has succeeded."""
        self.alias = aws.lambda_.Alias(
            f"{self._row.name}-live",
            name=LIVE,
            function_name=self.function.name,
            function_version=self.function.version,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(smokes)),
        )
        if self._row.provisioned:
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{self._row.name}-provisioned",
                function_name=self.function.name,
                qualifier=self.alias.name,
                provisioned_concurrent_executions=self._row.provisioned,
                opts=self._own,
            )
        self.register_outputs({"name": self.function.name})

    def _role(
        self, log_group: aws.cloudwatch.LogGroup, permissions: Permissions
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        row, settings, surroundings = self._row, self._settings, self._surroundings
        role = aws.iam.Role(
            f"{row.name}-role-{permissions.digest}",
            name=settings.names.role(row.name, permissions.digest),
            assume_role_policy=policies.ASSUME_BY_LAMBDA,
            tags=settings.names.tags,
            opts=self._own,
        )
        policy = aws.iam.RolePolicy(
            f"{row.name}-policy-{permissions.digest}",
            name="function",
            role=role.name,
            policy=policies.function_policy(
                log_group.arn,
                permissions.table,
                surroundings.table_arn,
                # A release that is kept may name a secret that is gone.
                [arn for name, arn in surroundings.secret_arns.items() if name in permissions.secrets],
                tracing=settings.tracing,
            ),
            opts=self._own,
        )
        return role, policy

    def _function(
        self, log_group: aws.cloudwatch.LogGroup, role: aws.iam.Role, policy: aws.iam.RolePolicy
    ) -> aws.lambda_.Function:
        """The function. Its ``image_uri`` and its description say which release it is, so that nothing else changes
        with one."""
        row, settings, surroundings = self._row, self._settings, self._surroundings
        return aws.lambda_.Function(
            f"{row.name}-function",
            name=settings.names.function(row.name),
            description=" · ".join(
                [row.description, surroundings.release.tag, surroundings.release.origin.label]
            ),
            role=role.arn,
            package_type="Image",
            image_uri=surroundings.image_uri,
            image_config={"commands": [row.command]},
            architectures=[_ARCHITECTURES[settings.platform]],
            memory_size=row.memory,
            timeout=row.timeout,
            reserved_concurrent_executions=row.reserved,
            publish=True,
            environment={"variables": surroundings.variables},
            logging_config={
                "log_format": "JSON",
                "log_group": log_group.name,
                "application_log_level": _LAMBDA_LOG_LEVELS.get(settings.log_level, settings.log_level),
                "system_log_level": "INFO",
            },
            tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
            tags=settings.names.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, *surroundings.after]),
        )


def declare(
    settings: Settings, surroundings: Surroundings, opts: pulumi.ResourceOptions
) -> dict[str, Function]:
    """All functions by name. Their aliases move together or not at all: each waits for the smoke invocations of
    all of them, so that no request meets two releases."""
    functions: dict[str, Function] = {}
    smokes: list[aws.lambda_.Invocation] = []
    for row in rows(settings):
        earlier = smokes[-settings.smoke_at_once :][:1] if len(smokes) >= settings.smoke_at_once else []
        functions[row.name] = Function(row, settings, surroundings, earlier, opts)
        smokes.append(functions[row.name].smoke)
    for function in functions.values():
        function.go_live(smokes)
    return functions
