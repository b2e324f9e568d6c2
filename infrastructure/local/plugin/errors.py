"""The plugin's exceptions; the text of each is one line that the engine shows as it is."""


class PluginError(Exception):
    """A failure that the engine is told: what failed and why."""


class AwsError(PluginError):
    """A call that the local AWS refused.

    ``operation`` is the name in the API's reference (``CreateTable``), ``code`` the API's error code.
    """

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
