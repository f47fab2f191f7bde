"""`createos-nb login` and `createos-nb whoami`, in a process of their own, against a world that is served over HTTP."""

from __future__ import annotations

import getpass
import io
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring
import pytest

import createos_nb
from createos_nb.cli import main
from createos_nb.client.connect import profiles
from createos_nb.simulator import open_world


@pytest.fixture(scope="module")
def served() -> Iterator[SimpleNamespace]:
    """The world's address, its key, its account, and the hosts and keys that requests came with."""
    world = open_world("storefront")
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append(headers)
            path, _, query = self.path.partition("?")
            status, answered, body = world.handle("GET", path, query, headers, b"")
            self.send_response(status)
            for name, value in answered:
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield SimpleNamespace(
        url=f"http://127.0.0.1:{server.server_port}", key=world.key, account=world.account, world=world, seen=seen
    )
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An account of the machine in which nothing is configured, behind no proxy."""
    for name in list(os.environ):
        if name.startswith("CREATEOS") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path


def command(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", "import sys; from createos_nb.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(line, input=given, capture_output=True, text=True, timeout=60)


def test_a_key_that_is_piped_in_is_kept_and_then_used(served: SimpleNamespace, home: Path) -> None:
    login = command("login", "--base-url", served.url, given=served.key + "\n")
    assert (login.returncode, login.stderr) == (0, "")
    assert served.key not in login.stdout
    assert "only you can read" in login.stdout
    assert "createos_nb.connect()" in login.stdout
    if os.name == "posix":
        assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600
    assert profiles.read().profiles == {"default": {"api_key": served.key, "base_url": served.url}}

    who = command("whoami")
    assert (who.returncode, who.stderr) == (0, "")
    assert served.key not in who.stdout
    lines = dict(line.split(maxsplit=1) for line in who.stdout.replace("user id", "id").splitlines())
    with createos_nb.connect() as client:
        user = client.account.current_user()
        assert client.simulated
    assert lines["account"] == user["email"]
    assert lines["id"] == user["id"]
    assert f"base URL  {served.url} (SIMULATOR)" in who.stdout
    assert "key from  profile 'default'" in who.stdout


def test_a_key_that_is_refused_is_not_kept_and_not_shown(served: SimpleNamespace, home: Path) -> None:
    wrong = "skp_wrong_0123456789"
    login = command("login", "--base-url", served.url, given=wrong)
    assert login.returncode == 1
    assert "HTTP 401" in login.stderr
    assert "Traceback" not in login.stderr
    assert wrong not in login.stdout + login.stderr
    assert not (home / "config.toml").exists()


def test_without_a_key_whoami_says_every_way_to_give_one(home: Path) -> None:
    who = command("whoami")
    assert who.returncode == 1
    assert who.stdout == ""
    for way in ("CREATEOS_API_KEY", "createos-nb login", "keyring", ".createos", "--scenario storefront"):
        assert way in who.stderr


# --- the same, without a process of its own ---------------------------------------------------------------------------


def login(monkeypatch: pytest.MonkeyPatch, key: str, *arguments: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(key))
    return main(["login", *arguments])


@pytest.mark.parametrize("key", ["", "\n", "   \n"])
def test_no_key_is_a_wrong_parameter(
    key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert login(monkeypatch, key) == 2
    assert "no key was given" in capsys.readouterr().err


def test_a_key_is_typed_unseen_at_a_terminal(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO("never read")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: served.key)
    assert main(["login", "--base-url", served.url]) == 0
    assert served.key not in capsys.readouterr().out
    assert profiles.read().profiles["default"]["api_key"] == served.key


def test_no_option_takes_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["login", "--help"]) == 0
    options = {word.strip("[],") for word in capsys.readouterr().out.split() if word.strip("[]").startswith("--")}
    assert options == {"--profile", "--base-url", "--keyring"}


def test_a_profile_of_its_own_is_named_where_it_is_used(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert login(monkeypatch, served.key, "--base-url", served.url) == 0
    capsys.readouterr()
    assert login(monkeypatch, served.key, "--base-url", served.url, "--profile", "work") == 0
    assert "createos_nb.connect('work')" in capsys.readouterr().out
    assert main(["whoami", "--profile", "work"]) == 0
    assert "profile 'work'" in capsys.readouterr().out
    assert main(["whoami", "--profile", "wrok"]) == 1
    assert "there is: default, work" in capsys.readouterr().err


def test_the_address_is_that_of_the_environment_and_is_kept_with_the_key(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREATEOS_API_URL", served.url)
    assert login(monkeypatch, served.key) == 0
    monkeypatch.delenv("CREATEOS_API_URL")
    assert createos_nb.connect().base_url == served.url


def test_a_new_key_for_a_profile_goes_to_the_profiles_own_address(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save("work", api_key="skp_old_0123456789", base_url=served.url)
    assert login(monkeypatch, served.key, "--profile", "work") == 0
    assert profiles.read().profiles["work"] == {"api_key": served.key, "base_url": served.url}


def test_a_key_for_the_keyring_is_in_no_file(
    served: SimpleNamespace, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held: dict[str, str] = {}
    monkeypatch.setattr(keyring, "set_password", lambda service, name, key: held.__setitem__(name, key))
    monkeypatch.setattr(keyring, "get_password", lambda service, name: held.get(name))
    assert login(monkeypatch, served.key, "--base-url", served.url, "--keyring") == 0
    assert held == {"default": served.key}
    assert served.key not in (home / "config.toml").read_text()
    assert main(["whoami"]) == 0
    assert "key from  keyring" in capsys.readouterr().out


def test_without_a_keyring_nothing_is_kept(
    served: SimpleNamespace, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert login(monkeypatch, "", "--base-url", served.url, "--keyring") == 3, "it is said before the key is asked for"
    assert "pip install 'createos-nb[keyring]'" in capsys.readouterr().err
    assert not (home / "config.toml").exists()


def test_a_config_file_that_is_wrong_ends_the_login_before_a_key_is_asked_for(
    served: SimpleNamespace, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config.toml").write_text("no TOML")
    before = len(served.seen)
    assert login(monkeypatch, served.key, "--base-url", served.url) == 1
    assert "is no TOML" in capsys.readouterr().err
    assert (home / "config.toml").read_text() == "no TOML"
    assert len(served.seen) == before


def test_an_address_where_nobody_answers_is_an_error_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("createos_nb.http.transport.RetryPolicy", lambda: createos_nb.RetryPolicy(attempts=1))
    assert login(monkeypatch, "skp_0123456789", "--base-url", "http://127.0.0.1:9") == 1
    told = capsys.readouterr().err
    assert "connection failed" in told
    assert "skp_" not in told
