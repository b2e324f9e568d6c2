"""Authorization codes: bound, single use, a minute (RFC 6749 section 4.1, RFC 7636, RFC 9700 section 2.1.1)."""

from datetime import timedelta

import pytest

from services.identity import token_families
from services.identity.access_token_verifier import verifier
from services.identity.authorization_codes import LIFETIME
from services.identity.sessions import family_key, user_key
from services.identity.token_families import family_id_of
from tests.conftest import Clock, Log, all_items
from tests.support import identity
from tests.support.gateway import Answer
from tests.unit.identity.conftest import Client
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Delete

REFUSAL = {"error": "invalid_grant", "error_description": "The authorization code is not valid."}


def _refused(answer: Answer) -> bool:
    return (answer.status, answer.json()) == (400, REFUSAL)


def test_a_code_gives_what_the_user_let_the_client_have(client: Client) -> None:
    answer = client.redeem(client.code())
    assert answer.status == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    tokens = answer.json()
    assert tokens["scope"] == "openid players:read"
    token = verifier().verify(tokens["access_token"])
    assert (token.subject, token.client_id) == (identity.SUBJECT, identity.BACKEND)
    assert client.userinfo(tokens["access_token"]).status == 200
    assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 200


def test_a_public_client_redeems_by_its_verifier_alone(client: Client) -> None:
    code = client.code(identity.WEB)
    tokens = client.redeem(code, basic=None, client_id=identity.WEB).json()
    refreshed = client.grant(
        "refresh_token", basic=None, client_id=identity.WEB, refresh_token=tokens["refresh_token"]
    )
    assert refreshed.status == 200


def test_neither_code_nor_verifier_is_stored(client: Client) -> None:
    code = client.code()
    assert client.redeem(code).status == 200
    stored = str(all_items())
    assert code not in stored
    assert code.partition(".")[2] not in stored
    assert identity.VERIFIER not in stored


def test_a_client_that_may_not_refresh_gets_no_refresh_token(client: Client) -> None:
    entry = identity.client_entry(identity.BACKEND, grant_types=["authorization_code"])
    identity.store_seed(identity.seed_entry(), registered=[entry])
    assert "refresh_token" not in client.redeem(client.code()).json()


def test_it_lasts_a_minute(client: Client, stopped_clock: Clock) -> None:
    early, late = client.code(), client.code()
    stopped_clock.moment += LIFETIME - timedelta(seconds=1)
    assert client.redeem(early).status == 200
    stopped_clock.moment += timedelta(seconds=1)
    assert _refused(client.redeem(late))


def test_what_it_gave_outlives_it(client: Client, stopped_clock: Clock) -> None:
    tokens = client.redeem(client.code()).json()
    stopped_clock.moment += LIFETIME * 2
    assert client.userinfo(tokens["access_token"]).status == 200
    stopped_clock.moment += timedelta(hours=12)
    assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 200


def test_a_second_use_revokes_what_the_first_gave(client: Client, log: Log) -> None:
    code = client.code()
    tokens = client.redeem(code).json()
    assert _refused(client.redeem(code))
    assert client.userinfo(tokens["access_token"]).status == 401
    assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 400
    assert "a code was redeemed twice; its family is revoked" in log.text
    assert code not in log.text


def test_a_second_use_is_found_as_long_as_what_the_first_gave_lives(
    client: Client, stopped_clock: Clock
) -> None:
    code = client.code()
    tokens = client.redeem(code).json()
    stopped_clock.moment += timedelta(hours=23)
    assert _refused(client.redeem(code))
    assert client.grant("refresh_token", refresh_token=tokens["refresh_token"]).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another-verifier-of-at-least-forty-three-chars"},
        {"redirect_uri": "https://client.test/callback/"},
    ],
)
def test_a_second_use_by_one_who_could_not_have_redeemed_it_ends_nothing(
    client: Client, changes: dict[str, str]
) -> None:
    code = client.code()
    tokens = client.redeem(code).json()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": identity.REDIRECT_URI}
    right = {**form, "code_verifier": identity.VERIFIER}
    assert _refused(
        client.form("/auth/token", {**right, **changes}, basic=(identity.BACKEND, identity.SECRET))
    )
    assert _refused(client.form("/auth/token", {**right, "client_id": identity.WEB}))
    assert client.userinfo(tokens["access_token"]).status == 200


class TestRefusal:
    @pytest.mark.parametrize(
        "redirect_uri",
        [
            "https://client.test/callback/",
            "https://client.test/Callback",
            "https://client.test/callback?",
            "https://client.test:443/callback",
            "http://client.test/callback",
            "https://attacker.test/callback",
        ],
    )
    def test_another_redirect_uri(self, client: Client, redirect_uri: str) -> None:
        code = client.code()
        assert _refused(client.redeem(code, redirect_uri=redirect_uri))
        assert client.redeem(code).status == 200

    @pytest.mark.parametrize(
        "verifier",
        [
            "another-verifier-of-at-least-forty-three-chars",
            identity.VERIFIER[:-1],
            identity.VERIFIER.upper(),
            "short",
            "x" * 129,
            f"{identity.VERIFIER}!",
            f"{identity.VERIFIER}\n",
            "ünicode-verifier-of-at-least-forty-three-chars",
        ],
    )
    def test_another_verifier(self, client: Client, verifier: str) -> None:
        code = client.code()
        assert _refused(client.redeem(code, code_verifier=verifier))
        assert client.redeem(code).status == 200

    def test_the_challenge_for_a_verifier(self, client: Client) -> None:
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        code = client.code(code_challenge=challenge)
        assert _refused(client.redeem(code, code_verifier=challenge))
        rfc = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        assert client.redeem(code, code_verifier=rfc).status == 200, "RFC 7636 appendix B"

    def test_another_client(self, client: Client) -> None:
        code = client.code(identity.WEB)
        assert _refused(client.redeem(code))
        assert client.redeem(code, basic=None, client_id=identity.WEB).status == 200

    @pytest.mark.parametrize("code", ["x", "a.b", f"{'A' * 22}.{'A' * 43}"])
    def test_text_that_is_no_code(self, client: Client, code: str) -> None:
        assert _refused(client.redeem(code))

    def test_another_secret_of_the_same_family(self, client: Client) -> None:
        code = client.code()
        assert _refused(client.redeem(f"{family_id_of(code)}.{'A' * 43}"))
        assert client.redeem(code).status == 200

    def test_a_refresh_token(self, client: Client) -> None:
        token = client.redeem(client.code()).json()["refresh_token"]
        assert _refused(client.redeem(token))
        assert client.grant("refresh_token", refresh_token=token).status == 200

    def test_a_code_is_no_refresh_token_and_no_access_token(self, client: Client) -> None:
        code = client.code()
        assert client.grant("refresh_token", refresh_token=code).status == 400
        assert client.userinfo(code).status == 401
        assert client.redeem(code).status == 200

    def test_one_that_was_revoked_before_its_use(self, client: Client) -> None:
        code = client.code()
        token_families.revoke(DEFAULT, str(family_id_of(code)))
        assert _refused(client.redeem(code))

    def test_one_whose_item_is_gone(self, client: Client) -> None:
        code = client.code()
        table.write(Delete(family_key(DEFAULT, str(family_id_of(code)))))
        assert _refused(client.redeem(code))

    def test_one_whose_user_is_gone(self, client: Client) -> None:
        code = client.code()
        table.write(Delete(user_key(DEFAULT, identity.SUBJECT)))
        assert _refused(client.redeem(code))
