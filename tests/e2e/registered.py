"""A client in a checkout's seed for what no demo client is registered for, and a second name of its API."""

import yaml

from tests.support.checkout import Checkout

_RS256_CLIENT = """\
  - client_id: rs256-backend
    name: RS256 Backend
    secret_hash: {secret_hash}
    redirect_uris: [http://localhost:8080/callback]
    post_logout_redirect_uris: [http://localhost:8080/]
    grant_types: [authorization_code, refresh_token, password]
    scopes: all
    id_token_signed_response_alg: RS256
    resources: [https://game.example/api]
"""


def name_another_host(checkout: Checkout) -> None:
    """Has the stack's issuer follow a second name of this machine, ``127.0.0.1``."""
    host = f"127.0.0.1:{checkout.environment['LOCAL_AWS_PORT']}"
    with (checkout.folder / "infrastructure" / "Pulumi.local.yaml").open("a") as file:
        file.write(f'  psn-emulator:issuer_hosts: ["{host}"]\n')


def register_rs256_client(checkout: Checkout) -> None:
    """Registers ``rs256-backend``, with the secret of ``demo-backend``."""
    seed = checkout.folder / "infrastructure" / "seeds" / "local.yaml"
    written = seed.read_text()
    backend = next(
        client for client in yaml.safe_load(written)["clients"] if client["client_id"] == "demo-backend"
    )
    seed.write_text(written + _RS256_CLIENT.format_map(backend))
