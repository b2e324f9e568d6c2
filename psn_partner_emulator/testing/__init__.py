"""The emulator as a test has it: its sandboxes over HTTP, and a server for a run of pytest.

It has only the standard library and runs on Python 3.10, for it also is the package ``pytest_psn_partner_emulator``, in
a wheel of its own for the environments of other projects.
"""

from .api import EmulatorError, Login
from .emulator import Emulator
from .requests import VerificationError
from .sandbox import Sandbox

__all__ = ["Emulator", "EmulatorError", "Login", "Sandbox", "VerificationError"]
