"""How a Lambda function is made and changed: settled after each step, published when the program wants versions."""

from typing import Final, override

from infrastructure.local.plugin.aws.declaration import Aspect
from infrastructure.local.plugin.aws.functions import CODE, CONFIGURATION, publishes
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.values import Properties, at_path, mapping

_LATEST: Final = "$LATEST"


class FunctionLifecycle(AwsLifecycle):
    """A function of an image.

    AWS takes no change while an earlier one is under way, and a published version is what ``$LATEST`` was at
    that moment: so each step waits for the one before it (AWS Lambda: Lambda function states).
    """

    @override
    def creation(self, inputs: Properties) -> Properties:
        """The image in its own place; published at once when wanted."""
        parameters = super().creation(inputs)
        code: Properties = {"ImageUri": parameters.pop("ImageUri", None)}
        return parameters | {"Code": code, "Publish": bool(inputs.get("publish"))}

    @override
    def settle(self, physical: Physical) -> None:
        """Waits until the function takes calls and changes."""
        self._wait_for(physical, {})

    @override
    def adopt(self, there: str, inputs: Properties) -> Properties:
        """Publishes too: a cut-off run may have left the function changed and without a version of the change.

        A version of an unchanged function is no new one.
        """
        adopted = super().adopt(there, inputs)
        if not inputs.get("publish"):
            return adopted
        physical = Physical(there, adopted)
        self._publish(physical)
        return self.properties(physical, inputs)

    @override
    def update(self, physical: Physical, news: Properties, changed: frozenset[str]) -> Properties:
        """Changes configuration, then code; then publishes."""
        updated = super().update(physical, news, changed)
        if not publishes(changed, news):
            return updated
        self._publish(physical)
        return self.properties(physical, news)

    @override
    def put(self, aspect: Aspect, physical: Physical, news: Properties, touched: frozenset[str]) -> None:
        """Waits for the change to be done; an unreserved function has no reservation, not one of -1."""
        if news.get("reservedConcurrentExecutions") == -1:
            news = {name: value for name, value in news.items() if name != "reservedConcurrentExecutions"}
        if touched & CODE.keys():
            touched |= {"imageUri"}
        super().put(aspect, physical, news, touched)
        if touched & {*CODE, *CONFIGURATION}:
            self.settle(physical)

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The configuration and, beside it, what ``GetFunction`` tells elsewhere."""
        found = super().describe(physical)
        if found is None:
            return None
        configuration = mapping(found["Configuration"])
        return configuration | {
            "Tags": found.get("Tags"),
            "ImageUri": at_path(found, "Code.ImageUri"),
            "ImageConfig": at_path(configuration, "ImageConfigResponse.ImageConfig"),
            "ReservedConcurrentExecutions": at_path(found, "Concurrency.ReservedConcurrentExecutions"),
            "PublishedVersion": self._newest_version(physical),
        }

    def _newest_version(self, physical: Physical) -> str:
        if not physical.get("publish"):
            return _LATEST
        versions = self.cloud.every(
            "lambda", "list_versions_by_function", "Versions", self.kind.key(physical)
        )
        numbers = [str(mapping(version)["Version"]) for version in versions]
        return max((number for number in numbers if number != _LATEST), key=int, default=_LATEST)

    def _publish(self, physical: Physical) -> None:
        answer = self.call("publish_version", self.kind.key(physical))
        self._wait_for(physical, {"Qualifier": answer["Version"]})

    def _wait_for(self, physical: Physical, version: Properties) -> None:
        key = self.kind.key(physical) | version

        def is_settled() -> bool:
            now = self.call("get_function_configuration", key)
            if "Failed" in (now.get("State"), now.get("LastUpdateStatus")):
                reason = now.get("StateReason") or now.get("LastUpdateStatusReason")
                raise PluginError(f"the function failed: {reason}")
            return now.get("State") in (None, "Active") and now.get("LastUpdateStatus") != "InProgress"

        self.cloud.wait(is_settled, "the function is active")


class ProvisionedConcurrencyLifecycle(AwsLifecycle):
    """Provisioned concurrency takes a while to be there."""

    @override
    def settle(self, physical: Physical) -> None:
        """Waits until the environments are warm."""

        def is_ready() -> bool:
            now = self.call("get_provisioned_concurrency_config", self.kind.key(physical))
            if now.get("Status") == "FAILED":
                raise PluginError(f"provisioned concurrency failed: {now.get('StatusReason')}")
            return now.get("Status") == "READY"

        self.cloud.wait(is_ready, "the concurrency is provisioned")

    @override
    def update(self, physical: Physical, news: Properties, changed: frozenset[str]) -> Properties:
        """Sets the number and waits for it."""
        super().update(physical, news, changed)
        self.settle(physical)
        return self.properties(physical, news)

    @override
    def decoded(self, description: Properties) -> Properties:
        """The number, which reading calls otherwise than writing."""
        return {
            "provisionedConcurrentExecutions": description.get("RequestedProvisionedConcurrentExecutions")
        }
