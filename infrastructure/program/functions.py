"""The functions, each a component: its log, its roles, its alias."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infrastructure.program import policies
from infrastructure.release.release import Release
from infrastructure.stack.function_specs import FunctionSpec, function_specs
from infrastructure.stack.names import LIVE
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.settings import Settings

_SMOKE_EVENT = json.dumps({"smoke": True})
_ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
_LAMBDA_LOG_LEVELS = {"WARNING": "WARN"}


@dataclass(frozen=True, slots=True)
class SharedInputs:
    """What all functions are given: their release, the reference of its image and what they wait for, the environment
    variables, the ARN of the table, and those of the secrets by name."""

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

    ``smoke`` is an invocation of the new version, made after those of ``smoke_after``. The alias waits for it: when it
    fails, so does the update, and the alias stays where it was.
    """

    function: aws.lambda_.Function
    smoke: aws.lambda_.Invocation
    alias: aws.lambda_.Alias

    def __init__(
        self,
        spec: FunctionSpec,
        settings: Settings,
        shared: SharedInputs,
        smoke_after: Sequence[aws.lambda_.Invocation],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("psn-emulator:functions:Function", spec.name, None, opts)
        self._spec = spec
        self._settings = settings
        self._shared = shared
        self._child_options = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            f"{spec.name}-log",
            name=settings.names.function_log_group(spec.name),
            retention_in_days=settings.log_retention_days,
            kms_key_id=settings.kms_key,
            tags=settings.names.tags,
            opts=self._child_options,
        )
        sets = shared.release.permission_sets(spec.name, settings.keep_releases)
        roles = {permissions: self._role(log_group, permissions) for permissions in sets}
        self.function = self._function(log_group, *roles[shared.release.permissions[spec.name]])
        self.smoke = aws.lambda_.Invocation(
            f"{spec.name}-smoke",
            function_name=self.function.name,
            qualifier=self.function.version,
            input=_SMOKE_EVENT,
            opts=pulumi.ResourceOptions(parent=self, depends_on=smoke_after),
        )

    def go_live(self, smokes: Iterable[aws.lambda_.Invocation]) -> None:
        """Declares the alias on the new version, once all of ``smokes`` have succeeded."""
        self.alias = aws.lambda_.Alias(
            f"{self._spec.name}-live",
            name=LIVE,
            function_name=self.function.name,
            function_version=self.function.version,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(smokes)),
        )
        if self._spec.provisioned_concurrency:
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{self._spec.name}-provisioned",
                function_name=self.function.name,
                qualifier=self.alias.name,
                provisioned_concurrent_executions=self._spec.provisioned_concurrency,
                opts=self._child_options,
            )
        self.register_outputs({"name": self.function.name})

    def _role(
        self, log_group: aws.cloudwatch.LogGroup, permissions: Permissions
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        spec, settings, shared = self._spec, self._settings, self._shared
        role = aws.iam.Role(
            f"{spec.name}-role-{permissions.digest}",
            name=settings.names.role(spec.name, permissions.digest),
            assume_role_policy=policies.ASSUME_BY_LAMBDA,
            permissions_boundary=settings.permissions_boundary,
            tags=settings.names.tags,
            opts=self._child_options,
        )
        policy = aws.iam.RolePolicy(
            f"{spec.name}-policy-{permissions.digest}",
            name="function",
            role=role.name,
            policy=policies.function_policy(
                log_group.arn,
                permissions,
                shared.table_arn,
                # A release that is kept may name a secret that is gone.
                [arn for name, arn in shared.secret_arns.items() if name in permissions.secrets],
                tracing=settings.tracing,
                kms_key=settings.kms_key,
            ),
            opts=self._child_options,
        )
        return role, policy

    def _function(
        self, log_group: aws.cloudwatch.LogGroup, role: aws.iam.Role, policy: aws.iam.RolePolicy
    ) -> aws.lambda_.Function:
        """The function. Of a new release only its ``image_uri`` and its description tell, so nothing else changes."""
        spec, settings, shared = self._spec, self._settings, self._shared
        return aws.lambda_.Function(
            f"{spec.name}-function",
            name=settings.names.function(spec.name),
            description=" · ".join([spec.description, shared.release.tag, shared.release.origin.label]),
            role=role.arn,
            package_type="Image",
            image_uri=shared.image_uri,
            image_config={"commands": [spec.command]},
            architectures=[_ARCHITECTURES[settings.platform]],
            memory_size=spec.memory_mib,
            timeout=spec.timeout_seconds,
            reserved_concurrent_executions=spec.reserved_concurrency,
            publish=True,
            environment={"variables": shared.variables},
            logging_config={
                "log_format": "JSON",
                "log_group": log_group.name,
                "application_log_level": _LAMBDA_LOG_LEVELS.get(settings.log_level, settings.log_level),
                "system_log_level": "INFO",
            },
            tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
            tags=settings.names.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, *shared.after]),
        )


def declare_functions(
    settings: Settings, shared: SharedInputs, opts: pulumi.ResourceOptions
) -> dict[str, Function]:
    """The functions of the stack by name. Every alias waits for the smoke invocations of all functions, so that the
    aliases move together or not at all and no request meets two releases."""
    functions: dict[str, Function] = {}
    smokes: list[aws.lambda_.Invocation] = []
    for spec in function_specs(settings):
        earlier = smokes[-settings.smoke_at_once :][:1] if len(smokes) >= settings.smoke_at_once else []
        functions[spec.name] = Function(spec, settings, shared, earlier, opts)
        smokes.append(functions[spec.name].smoke)
    # Each comes after another of its lane, so the last of every lane are done when all are.
    last_of_lanes = smokes[-settings.smoke_at_once :]
    for function in functions.values():
        function.go_live(last_of_lanes)
    return functions
