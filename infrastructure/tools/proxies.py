"""The proxy that a company's network asks of its machines, which loopback never goes through."""

import os
from collections.abc import MutableMapping

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def exempt_loopback(variables: MutableMapping[str, str] = os.environ) -> None:
    """Names this machine in ``NO_PROXY`` where ``variables`` name a proxy, for this process and those it starts: the
    engine, its plugins and the local AWS are asked directly."""
    if not any(variables.get(name) or variables.get(name.upper()) for name in _PROXIES):
        return
    given = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    if "*" not in hosts:
        hosts += [host for host in _LOOPBACK if host not in hosts]
    variables["no_proxy"] = variables["NO_PROXY"] = ",".join(hosts)
