"""Creates and updates Lambda functions, one change at a time, and publishes versions."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import UpdateOperation
from infrastructure.local.plugin.aws.functions import CODE, CONFIGURATION, publishes
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import Properties, at_path, mapping

_LATEST: Final = "$LATEST"


class FunctionLifecycle(AwsLifecycle):
    """Functions made of images.

    AWS refuses a change while another one is under way, and a published version is a copy of ``$LATEST`` at that
    moment: so each step waits for the one before it (AWS Lambda Developer Guide: Lambda function states).
    """

    @override
    def create_parameters(self, inputs: Properties) -> Properties:
        """With the image below ``Code``, and a version published where the program wants one."""
        parameters = super().create_parameters(inputs)
        code: Properties = {"ImageUri": parameters.pop("ImageUri", None)}
        return parameters | {"Code": code, "Publish": bool(inputs.get("publish"))}

    @override
    def wait_until_ready(self, resource: ResourceState) -> None:
        """Waits until the function can be invoked and changed."""
        self._wait_for(resource, {})

    @override
    def adopt(self, existing_id: str, inputs: Properties) -> Properties:
        """Publishes a version too: an interrupted run may have changed the function and not published it.

        AWS publishes no second version of an unchanged function.
        """
        properties = super().adopt(existing_id, inputs)
        if not inputs.get("publish"):
            return properties
        resource = ResourceState(existing_id, properties)
        self._publish(resource)
        return self.read_back(resource, inputs)

    @override
    def update(self, resource: ResourceState, news: Properties, changed: frozenset[str]) -> Properties:
        """Updates configuration, then code, then publishes a version."""
        properties = super().update(resource, news, changed)
        if not publishes(changed, news):
            return properties
        self._publish(resource)
        return self.read_back(resource, news)

    @override
    def apply(
        self, operation: UpdateOperation, resource: ResourceState, news: Properties, names: frozenset[str]
    ) -> None:
        """Waits until the change is done. The schema's -1 reserved executions are no reservation in the API."""
        if news.get("reservedConcurrentExecutions") == -1:
            news = {name: value for name, value in news.items() if name != "reservedConcurrentExecutions"}
        if names & CODE.keys():
            names |= {"imageUri"}
        super().apply(operation, resource, news, names)
        if names & {*CODE, *CONFIGURATION}:
            self.wait_until_ready(resource)

    @override
    def describe(self, resource: ResourceState) -> Properties | None:
        """The configuration, with tags, image and concurrency, which ``GetFunction`` has elsewhere."""
        function = super().describe(resource)
        if function is None:
            return None
        configuration = mapping(function["Configuration"])
        return configuration | {
            "Tags": function.get("Tags"),
            "ImageUri": at_path(function, "Code.ImageUri"),
            "ImageConfig": at_path(configuration, "ImageConfigResponse.ImageConfig"),
            "ReservedConcurrentExecutions": at_path(function, "Concurrency.ReservedConcurrentExecutions"),
            "PublishedVersion": self._newest_version(resource),
        }

    def _newest_version(self, resource: ResourceState) -> str:
        if not resource.get("publish"):
            return _LATEST
        versions = self.client.list_all(
            "lambda", "list_versions_by_function", "Versions", self.kind.key(resource)
        )
        numbers = [str(mapping(version)["Version"]) for version in versions]
        return max((number for number in numbers if number != _LATEST), key=int, default=_LATEST)

    def _publish(self, resource: ResourceState) -> None:
        answer = self.call("publish_version", self.kind.key(resource))
        self._wait_for(resource, {"Qualifier": answer["Version"]})

    def _wait_for(self, resource: ResourceState, version: Properties) -> None:
        key = self.kind.key(resource) | version

        def is_settled() -> bool:
            now = self.call("get_function_configuration", key)
            if "Failed" in (now.get("State"), now.get("LastUpdateStatus")):
                reason = now.get("StateReason") or now.get("LastUpdateStatusReason")
                raise PluginError(f"the function failed: {reason}")
            return now.get("State") in (None, "Active") and now.get("LastUpdateStatus") != "InProgress"

        self.client.wait_until(is_settled, "the function is active")


class ProvisionedConcurrencyLifecycle(AwsLifecycle):
    """Provisioned concurrency, which AWS allocates after the call."""

    @override
    def wait_until_ready(self, resource: ResourceState) -> None:
        """Waits until the execution environments are initialized."""

        def is_ready() -> bool:
            now = self.call("get_provisioned_concurrency_config", self.kind.key(resource))
            if now.get("Status") == "FAILED":
                raise PluginError(f"provisioned concurrency failed: {now.get('StatusReason')}")
            return now.get("Status") == "READY"

        self.client.wait_until(is_ready, "the concurrency is provisioned")

    @override
    def update(self, resource: ResourceState, news: Properties, changed: frozenset[str]) -> Properties:
        """Sets the number and waits until it is allocated."""
        super().update(resource, news, changed)
        self.wait_until_ready(resource)
        return self.read_back(resource, news)

    @override
    def decode_inputs(self, description: Properties) -> Properties:
        """The number, which has another name in the API's answers than in its parameters."""
        return {
            "provisionedConcurrentExecutions": description.get("RequestedProvisionedConcurrentExecutions")
        }
