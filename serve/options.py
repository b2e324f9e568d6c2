"""What may be said of the server on its command line."""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PORT: Final = 8080
LEAST_WORKERS: Final = 2
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]+")
_NAMED_HOST: Final = re.compile(r"[a-z0-9._-]+(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Options:
    """Where the server listens, what it calls itself, what it begins with and what it keeps.

    ``port`` 0 is any that is free. ``public_url`` is the issuer and the base of every absolute URL; without it, it is
    the address that the server listens at. A request to one of ``issuer_hosts``, each with its port, is answered under
    that name. ``data`` is the folder in which all is kept, without it in memory. ``workers`` is how many processes
    there are when nobody waits.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    public_url: str | None = None
    issuer_hosts: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    data: Path | None = None
    seed: Path | None = None
    watch: bool = False
    workers: int = LEAST_WORKERS
    log_level: str = "WARNING"

    def url(self, port: int) -> str:
        """The base URL of the API when the server listens at ``port``."""
        if self.public_url:
            return self.public_url
        scheme = "https" if self.tls_cert else "http"
        here = {"127.0.0.1": "localhost", "0.0.0.0": "localhost", "::": "localhost", "::1": "localhost"}  # noqa: S104 # nosec B104
        host = here.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"{scheme}://{host}:{port}"

    def urls(self, port: int) -> tuple[str, ...]:
        """All base URLs that the API goes by; at the ``issuer_hosts`` by http, and by https through a proxy."""
        named = (f"{scheme}://{host}" for host in self.issuer_hosts for scheme in ("http", "https"))
        return tuple(dict.fromkeys((self.url(port), *named)))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Lets ``parser`` take the options."""
    group = parser.add_argument_group("where it listens")
    group.add_argument(
        "--host", type=_host, default="127.0.0.1", help="address, default %(default)s; 0.0.0.0 for all"
    )
    group.add_argument(
        "--port", type=_port, default=PORT, help="port, default %(default)s; 0 for any that is free"
    )
    group.add_argument(
        "--public-url", type=_url, metavar="URL", help="what clients call it: the issuer of its tokens"
    )
    group.add_argument(
        "--issuer-host",
        dest="issuer_hosts",
        type=_named_host,
        action="append",
        metavar="HOST:PORT",
        help="another name that clients call it by, answered under it (may be repeated)",
    )
    group.add_argument(
        "--tls-cert", type=_path, metavar="FILE", help="serve https with this certificate (PEM)"
    )
    group.add_argument(
        "--tls-key", type=_path, metavar="FILE", help="the certificate's key, if it is in another file"
    )
    group = parser.add_argument_group("what it holds")
    group.add_argument(
        "--data", type=_path, metavar="DIR", help="keep the data here; without it, in memory until it ends"
    )
    group.add_argument(
        "--seed",
        type=_path,
        metavar="FILE",
        help="users and clients (YAML, as infrastructure/seeds/local.yaml), in place of those",
    )
    group = parser.add_argument_group("how it runs")
    group.add_argument("--watch", action="store_true", help="answer with the new code when a file was saved")
    group.add_argument(
        "--workers",
        type=_count,
        default=max(LEAST_WORKERS, os.process_cpu_count() or 1),
        help="processes when nobody waits, default as many as processors, %(default)s here",
    )
    group.add_argument(
        "--log-level", type=str.upper, choices=_LEVELS, default="WARNING", help="default %(default)s"
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """The options in what :func:`add_options` had ``parser`` read."""
    values = {name: getattr(arguments, name) for name in Options.__dataclass_fields__}
    return Options(**{**values, "issuer_hosts": tuple(values["issuer_hosts"] or ())})


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither an address nor a host's name")
    return text


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("a path is missing")
    return Path(text)


def _named_host(text: str) -> str:
    if not _NAMED_HOST.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no host with its port, such as emulator:8080")
    return text.lower()


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port, which is 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https URL without a query")
    return text.rstrip("/")
