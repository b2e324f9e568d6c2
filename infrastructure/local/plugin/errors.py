"""What can go wrong in the plugin, as one line each."""


class PluginError(Exception):
    """A failure to show as it stands: one line that says what failed and why."""


class AwsError(PluginError):
    """An answer of the local AWS that refuses a call.

    ``code`` is the API's error code, ``operation`` the call's name as the API's reference spells it.
    """

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
