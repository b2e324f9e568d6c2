"""The socket that the server listens at, and the certificate that it shows."""

import errno
import socket
import ssl
from typing import Final

from serve.errors import ServeError
from serve.options import Options

_BACKLOG: Final = 2048
_FREE_PORTS: Final = 1024


def listener(options: Options) -> socket.socket:
    """A socket that listens at the address. Raises :class:`ServeError`."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    where = f"{options.host}:{options.port}"
    try:
        listening = socket.create_server((options.host, options.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"Port {options.port} is taken: something else listens at {where}.",
                "Choose another by --port; 0 takes any that is free.",
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM} and options.port < _FREE_PORTS:
            raise ServeError(
                f"Port {options.port} takes an administrator's rights.", "Choose one from 1024 on by --port."
            ) from error
        reason = error.strerror or str(error)
        raise ServeError(
            f"It cannot listen at {where}: {reason}.", "Choose an address of this machine by --host."
        ) from error
    # Head and body of an answer are two writes; asyncio sees to it only for sockets whose protocol is said.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def require_certificate(options: Options) -> None:
    """Raises :class:`ServeError` unless the certificate, where there is to be one, can be shown."""
    if options.tls_cert is None:
        if options.tls_key is not None:
            raise ServeError("--tls-key is given without --tls-cert.", "Name the certificate too.")
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key, password=_no_password)
    except FileNotFoundError as error:
        path = next(path for path in (options.tls_cert, options.tls_key) if path and not path.exists())
        raise ServeError(f"{path} is missing.", "Name the files by --tls-cert and --tls-key.") from error
    except (OSError, ValueError) as error:
        raise ServeError(
            f"{options.tls_cert} and its key cannot be used: {getattr(error, 'reason', None) or error}.",
            "They are to be PEM, the key without a password and of the certificate.",
        ) from error


def _no_password() -> str:
    raise ValueError("the key has a password")
