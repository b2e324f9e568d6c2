"""The modules of ministack, each held to what is used of it here, and the settings of this server."""

import json
import os
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

DOORS = "PSN_EMULATOR_DOORS"
"""The environment variable with the JSON object that ``doors`` and ``hosts`` are read from."""
DESCRIPTION = "PSN_EMULATOR_INSTANCE"
"""The environment variable with the JSON object that ``GET /_psn-emulator/instance`` answers, beside the process id."""


def module(name: str, *used: str) -> Any:
    """The module of ministack of that name, with what is ``used`` of it here.

    Raises ``ImportError`` where that lacks anything: these names are not part of ministack's interface, and one that
    is gone would be replaced here without any effect.
    """
    found = import_module(name)
    if missing := [attribute for attribute in used if not hasattr(found, attribute)]:
        raise ImportError(f"{name} has no {', '.join(missing)} any more: change aws_server with ministack")
    return found


ministack = module(
    "ministack.app",
    *("app", "_build_persistence_save_dict", "_get_module", "_state_map"),
    *("SERVICE_NAME_ALIASES", "SERVICE_REGISTRY"),
    "_load_persisted_state",  # replaced in state.py
)
persistence = module(
    "ministack.core.persistence",
    *("STATE_DIR", "_json_default", "_json_object_hook", "_state_format_version"),
    "save_state",  # replaced in state.py
)
functions = module(
    "ministack.services.lambda_svc",
    *("_warm_pool_key", "_pool_kill_function", "_pool_release"),  # replaced in containers.py
    *("_get_docker_client", "execution_credentials"),  # replaced in containers.py
    *("_account_region_from_function_config", "_kill_pool_entry", "_warm_pool", "_warm_pool_lock"),
    "_functions",
    *("_cached_docker_client", "_DOCKER_TIMEOUT"),
    "_invoke_rie",  # replaced in invocation.py
    *("_rie_failure_is_retryable", "_rie_terminal_result", "_classify_function_error"),
    *("_RIE_CONNECT_RETRY_SECONDS", "_RIE_TIMEOUT_TEXT_RE"),
)
apis = module(
    "ministack.services.apigateway",
    *("handle_execute", "run_reentrant"),  # replaced in gateway.py
    *("_stages", "find_api_scope"),
)
logs = module("ministack.services.cloudwatch_logs", "_create_log_stream", "_put_log_events")
sessions = module("ministack.services.sts", "_sessions", "register_session")
scopes = module("ministack.core.responses", "request_scope")

description: dict[str, Any] = json.loads(os.environ.get(DESCRIPTION, "{}"))
access_key = os.environ.get("AWS_ACCESS_KEY_ID", "")
secret_key = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
"""The credential of the checkout; with an empty one nothing is let in."""
services = frozenset(filter(None, os.environ.get("SERVICES", "").split(",")))
"""The AWS services that are on, as ministack names them."""
port = os.environ.get("GATEWAY_PORT", "")
_reached: dict[str, Any] = json.loads(os.environ.get(DOORS, "{}"))
doors: dict[str, str] = _reached.get("ports", {})
"""The ids of the APIs that have ports of their own, by these, at which nothing else is served."""
hosts = frozenset(_reached.get("hosts", ()))
"""The names of hosts by which APIs are asked too."""
container_name = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname or ""
"""The host name by which functions' containers reach a server that is a container itself; else empty."""
