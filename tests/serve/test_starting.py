"""How the server is told what to do, and what it says where it cannot."""

import argparse
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path

import httpx
import pytest

from account_rules import DEFAULT_USER
from serve import environment, watching
from serve.__main__ import main
from serve.errors import ServeError
from serve.listening import listener, require_certificate
from serve.options import Options, add_options, options_of
from tests.support import served
from tests.support.served import serving


def read(*arguments: str) -> Options:
    """The options in a command line."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    return options_of(parser.parse_args(arguments))


def test_a_login_without_a_page_can_be_refused(tmp_path: Path) -> None:
    place = environment.Place(tmp_path, is_temporary=True)
    for arguments, told in (((), "true"), (("--no-automatic-login",), "false")):
        variables = environment.environment(read(*arguments), place, "http://localhost:1", 1)
        assert variables["AUTOMATIC_LOGIN"] == told


def test_the_options_are_those_of_the_command_line() -> None:
    assert read("--workers", "2") == Options(workers=2)
    given = read(
        *(
            "--host",
            "192.0.2.9",
            "--port",
            "0",
            "--public-url",
            "https://emulator.test/",
            "--log-level",
            "info",
        ),
        *("--issuer-host", "Emulator:8080", "--issuer-host", "10.0.2.2:8080"),
        *("--data", "kept", "--seed", "seed.yaml", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--watch"),
    )
    assert (given.host, given.port, given.public_url, given.log_level) == (
        "192.0.2.9",
        0,
        "https://emulator.test",
        "INFO",
    )
    assert (given.data, given.seed, given.tls_cert, given.tls_key, given.watch) == (
        *map(Path, ("kept", "seed.yaml", "c.pem", "k.pem")),
        True,
    )


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (Options(), "http://localhost:9"),
        (Options(host="::1"), "http://localhost:9"),
        (Options(host="192.0.2.7"), "http://192.0.2.7:9"),
        (Options(host="2001:db8::1"), "http://[2001:db8::1]:9"),
        (Options(tls_cert=Path("c.pem")), "https://localhost:9"),
        (Options(public_url="https://emulator.test"), "https://emulator.test"),
    ],
)
def test_the_issuer_is_where_it_listens_unless_it_is_called_otherwise(given: Options, url: str) -> None:
    assert given.url(9) == url


def test_it_goes_by_all_of_its_names() -> None:
    given = read("--issuer-host", "Emulator:8080", "--issuer-host", "localhost:9")
    assert given.urls(9) == (
        *("http://localhost:9", "http://emulator:8080", "https://emulator:8080"),
        "https://localhost:9",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        ["--issuer-host", "http://emulator"],
        ["--data", ""],
        ["--seed", ""],
        ["--port", "65536"],
        ["--port", "x"],
        ["--workers", "0"],
        ["--host", "a b"],
        ["--public-url", "emulator.test"],
        ["--public-url", "https://a.test/?q=1"],
        ["--log-level", "loud"],
        ["--unknown"],
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: Port {port} is taken: something else listens at 127.0.0.1:{port}.\n")
    assert said.count("\n") == 2


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ServeError, match=r"cannot listen at 192\.0\.2\.1:0"):
        listener(Options(host="192.0.2.1", port=0))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Options(tls_key=Path("k.pem")), "--tls-key is given without --tls-cert"),
        (Options(tls_cert=Path("none.pem")), "none.pem is missing"),
        (Options(tls_cert=Path("README.md")), "README.md and its key cannot be used"),
    ],
)
def test_a_certificate_that_cannot_be_shown_is_told(project: Path, given: Options, why: str) -> None:
    with pytest.raises(ServeError, match=why):
        require_certificate(given)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        ("users: [", "is wrong: it is not YAML"),
        ("users: [{username: a}]", r"is wrong: users\.0\.subject: Field required"),
    ],
)
def test_a_seed_that_cannot_be_read_is_told(tmp_path: Path, text: str | None, why: str) -> None:
    seed = tmp_path / "seed.yaml"
    if text is not None:
        seed.write_text(text)
    with pytest.raises(ServeError, match=why):
        environment.provide(Options(seed=seed), environment.Place(tmp_path, is_temporary=False))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])  # noqa: S104
def test_the_keys_that_verify_tokens_come_over_no_network(tmp_path: Path, host: str) -> None:
    where = environment.Place(tmp_path, is_temporary=False)
    given = environment.environment(Options(host=host), where, "http://localhost:9", 9)
    file = f"file:{tmp_path / 'public-keys.json'}"
    assert (given["JWKS_URI"], given["TRUSTED_JWKS_URI"]) == (file, file)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ServeError, match="cannot be kept in"),
        environment.place(Options(data=tmp_path / "file" / "x")),
    ):
        pass


def test_what_is_kept_is_only_its_owners(tmp_path: Path) -> None:
    with environment.place(Options(data=tmp_path / "kept")) as where:
        assert where.folder.stat().st_mode & 0o777 == 0o700
        assert environment.PATIENCE_SECONDS == 30
    with environment.place(Options()) as where:
        assert where.folder.is_dir()
    assert not where.folder.exists()


def test_files_that_others_could_read_are_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in ("table.sqlite", "table.sqlite-wal", "signing-keys.json", "notes.json"):
        (tmp_path / name).touch(mode=0o644)
    with environment.place(Options(data=tmp_path)):
        assert tmp_path.stat().st_mode & 0o777 == 0o755
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes.pop("notes.json") == 0o644
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: folder.chmod(0o777), "can be changed by other users .mode 777."),
        (lambda folder: folder.chmod(0o770), "can be changed by other users .mode 770."),
        (lambda folder: (folder / "signing-keys.json").chmod(0o666), "signing-keys.json can be changed"),
        (lambda folder: (folder / "table.sqlite").symlink_to("victim"), "table.sqlite is a symbolic link"),
        (lambda folder: (folder / "seed.draft").mkdir(), "seed.draft is no file"),
    ],
)
def test_a_folder_that_others_could_change_is_refused(
    tmp_path: Path, change: Callable[[Path], object], why: str
) -> None:
    (tmp_path / "signing-keys.json").touch(mode=0o600)
    change(tmp_path)
    with pytest.raises(ServeError, match=why), environment.place(Options(data=tmp_path)):
        pass
    assert not (tmp_path / "victim").exists()


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with (
        pytest.raises(ServeError, match="belongs to another user"),
        environment.place(Options(data=tmp_path)),
    ):
        pass


def test_a_second_server_of_a_folder_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with environment.place(Options(data=tmp_path)):
        before = signal.getsignal(signal.SIGTERM)
        assert main(["--port", "0", "--data", str(tmp_path)]) == 1
        signal.signal(signal.SIGTERM, before)
        assert capsys.readouterr().err.startswith(f"error: Another server keeps its data in {tmp_path}.\n")
    with environment.place(Options(data=tmp_path)):
        pass


def test_a_seed_keys_and_data_of_ones_own_over_tls(tmp_path: Path) -> None:
    served.make_certificate(tmp_path, "DNS:localhost")
    seed = environment.SEED.read_text().replace(f"username: {DEFAULT_USER}", "username: somebody")
    (tmp_path / "seed.yaml").write_text(seed)
    options = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--seed", "seed.yaml", "--data", "kept"]
    given = [str(tmp_path / one) if "." in one or one == "kept" else one for one in options]
    login = {"username": "somebody", "password": "password123"}
    trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    tokens = []
    for _ in range(2):
        with serving("--workers", "1", *given) as server:
            assert server.url.startswith("https://localhost:")
            with httpx.Client(base_url=server.url, verify=trusting) as client:
                answer = client.post("/auth/token", json=login)
                tokens.append(answer.raise_for_status().json()["access_token"])
                bearer = {"Authorization": f"Bearer {tokens[0]}"}
                name = f"kept-{len(tokens)}"
                body = {"username": name, "email": f"{name}@mail.example"}
                made = client.post("/players", json=body, headers=bearer)
            # The issuer has another port the second time, so that its tokens are others.
            assert made.status_code == (201 if len(tokens) == 1 else 403)
    keys = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"signing-keys.json", "public-keys.json", "seed.json", "table.sqlite"} <= keys


def test_a_file_that_is_saved_is_noticed_and_what_was_compiled_of_it_forgotten(tmp_path: Path) -> None:
    import asyncio

    (tmp_path / "handlers").mkdir()
    file = tmp_path / "handlers" / "health.py"
    file.write_text("one = 1\n")

    async def first() -> set[str]:
        async for paths in watching.changes(tmp_path):
            return paths
        return set()

    async def saved() -> set[str]:
        found = asyncio.create_task(first())
        await asyncio.sleep(0.05)
        file.write_text("one = 2\n")
        (tmp_path / "notes.txt").touch()
        return await asyncio.wait_for(found, 10)

    assert asyncio.run(saved()) == {str(file)}
    compiled = Path(cache_from_source(str(file)))
    compiled.parent.mkdir()
    compiled.touch()
    watching.forget({str(file)})
    assert not compiled.exists()
    assert not watching.are_of_this_process({str(file)})
    assert watching.are_of_this_process({str(watching.__file__)})


def test_saved_code_answers_soon_and_so_does_that_of_the_server_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from tests.bench import watch

    watch.copy(tmp_path)
    with serving("--watch", "--workers", "2", folder=tmp_path) as server:
        for name in ("one", "two"):
            watch.saved(tmp_path / "handlers" / "health.py", "Root(", name, server.url)
        health = tmp_path / "handlers" / "health.py"
        assert f"Saved {Path('handlers', 'health.py')}; it answers from now.\n" in capfd.readouterr().err
        working = health.read_text()
        health.write_text(working + "def (\n")
        said, latest = "", time.monotonic() + 30
        while "the code before goes on" not in said:
            assert time.monotonic() < latest
            said += capfd.readouterr().err
        assert f"health.py:{len(working.splitlines()) + 1}: invalid syntax" in said
        (
            tmp_path / "handlers" / "idempotency.py"
        ).touch()  # of which alone nothing would keep the code from being run
        while said.count("the code before goes on") < 2:
            assert time.monotonic() < latest
            said += capfd.readouterr().err
        assert httpx.get(server.url).json()["data"]["name"] == "two"
        health.write_text(working)
        user = {"username": DEFAULT_USER, "password": "password123"}
        token = httpx.post(f"{server.url}/auth/token", json=user).json()["access_token"]
        with (tmp_path / "serve" / "cors.py").open("a") as module:
            module.write("\n_MAX_AGE_SECONDS = 60\n_ANY.append(('x-new', 'yes'))\n")
        latest = time.monotonic() + 30
        while "x-new" not in httpx.get(f"{server.url}/players", headers={"Origin": "null"}).headers:
            assert time.monotonic() < latest
        # With the same keys and the same data.
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{server.url}/players", headers=bearer).status_code == 200
        assert server.process.poll() is None


def test_a_signal_while_it_starts_ends_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        served.command("--port", "0", "--data", str(tmp_path)),
        cwd=served.ROOT,
        env=served.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode in {0, 130, -signal.SIGTERM}
    assert "Traceback" not in said
