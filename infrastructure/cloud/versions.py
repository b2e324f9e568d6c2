"""Versions of what functions are now, where an update changed them and came to no version."""

from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.settings import Settings


def publish(settings: Settings, state: StackState) -> None:
    """Has each function in the stack's ``state`` have a version of what it is now.

    An update changes a function and then publishes it. Cut off in between, a refresh reads the change back, the
    next update finds nothing to do, and the version before would serve for good: so this comes before a refresh.
    Of a function that is as its last version AWS makes no new one (AWS Lambda API: PublishVersion). One that is
    gone or whose change failed is left to the update that follows. Raises ``DeployError``.
    """
    names = [function.aws_name for function in state.functions]
    if not names:
        return
    client = session.client(settings, "lambda")

    def publish_one(name: str) -> None:
        try:
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
            client.publish_version(FunctionName=name)
        except WaiterError as error:
            if error.last_response.get("Error", {}).get("Code") not in {None, "ResourceNotFoundException"}:
                raise

    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(publish_one, names))
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The functions of stack {settings.stack!r} cannot be published: {error}",
            "Check that the credentials may call lambda:GetFunction and lambda:PublishVersion.",
        ) from error
