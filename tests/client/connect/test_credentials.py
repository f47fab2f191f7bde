"""Where a key comes from, in which order, and that it shows nowhere."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest

import createos_nb
from createos_nb import ConfigurationError, Unauthorized
from createos_nb.client.connect import credentials, profiles
from createos_nb.client.connect.credentials import find
from createos_nb.redaction import MASK

KEYS = {
    name: f"skp_{name}_0123456789" for name in ("argument", "environment", "profile", "other", "keyring", "commandline")
}


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]  # a class property in the base

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.trouble: Exception | None = None
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble:
            raise self.trouble
        self.held[service, username] = password


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ring]:
    """Nothing of this machine's own account: a home, a config file and a keyring that are empty."""
    for name in ("CREATEOS_API_KEY", "CREATEOS_API_URL", "CREATEOS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def config(text: str) -> Path:
    path = profiles.path()
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def command_line(text: str) -> None:
    path = credentials.cli_token_path()
    path.parent.mkdir()
    path.write_text(text)


def used(found: credentials.Credentials) -> str:
    key = found.api_key or found.access_token
    assert key is not None
    return key.reveal()


# --- order ------------------------------------------------------------------------------------------------------------


def test_the_first_of_all_ways_to_give_a_key_serves(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are there; one after the other is taken away."""
    path = config(f'default_profile = "work"\n[profiles.work]\napi_key = "{KEYS["profile"]}"\n')
    ring.held["createos-nb", "work"] = KEYS["keyring"]
    ring.held["createos-nb", "default"] = KEYS["keyring"]
    command_line(KEYS["commandline"])
    monkeypatch.setenv("CREATEOS_API_KEY", KEYS["environment"])

    found = find(api_key=KEYS["argument"])
    assert (used(found), found.found_in) == (KEYS["argument"], "argument")
    found = find()
    assert (used(found), found.found_in) == (KEYS["environment"], "CREATEOS_API_KEY")
    monkeypatch.delenv("CREATEOS_API_KEY")
    found = find()
    assert (used(found), found.found_in) == (KEYS["profile"], "profile 'work'")
    assert ring.asked == 0
    path.unlink()
    found = find()
    assert (used(found), found.found_in) == (KEYS["keyring"], "keyring")
    ring.held.clear()
    found = find()
    assert used(found) == KEYS["commandline"]
    assert found.found_in == f"the official command line's token ({credentials.cli_token_path()})"
    credentials.cli_token_path().unlink()
    with pytest.raises(ConfigurationError, match="no key was found"):
        find()


def test_the_base_url_has_an_order_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    config(f'[profiles.work]\napi_key = "{KEYS["profile"]}"\nbase_url = "https://profile.test"\n')
    monkeypatch.setenv("CREATEOS_API_URL", "https://environment.test")
    assert find("work", base_url="https://argument.test").base_url == "https://argument.test"
    assert find("work").base_url == "https://environment.test"
    monkeypatch.setenv("CREATEOS_API_URL", "  ")
    assert find("work").base_url == "https://profile.test"
    assert find("work", api_key=KEYS["argument"]).base_url == "https://profile.test"
    assert find(api_key=KEYS["argument"]).base_url == createos_nb.PLATFORM_URL


def test_the_profile_is_the_argument_the_environments_or_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    config('default_profile = "c"\n' + "".join(f'[profiles.{n}]\napi_key = "skp_{n}"\n' for n in ("a", "b", "c")))
    assert used(find()) == "skp_c"
    monkeypatch.setenv("CREATEOS_PROFILE", "b")
    assert used(find()) == "skp_b"
    assert used(find("a")) == "skp_a"


def test_the_keyring_is_asked_for_the_profile_that_serves(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    config('default_profile = "home"\n[profiles.work]\nbase_url = "https://work.test"\n[profiles.home]\n')
    ring.held["createos-nb", "work"] = KEYS["keyring"]
    ring.held["createos-nb", "home"] = KEYS["other"]
    found = find("work")
    assert (used(found), found.base_url) == (KEYS["keyring"], "https://work.test")
    assert used(find()) == KEYS["other"]
    monkeypatch.setenv("CREATEOS_PROFILE", "work")
    assert used(find()) == KEYS["keyring"]


def test_a_profile_that_only_the_keyring_knows_serves(ring: Ring) -> None:
    ring.held["createos-nb", "travel"] = KEYS["keyring"]
    assert used(find("travel")) == KEYS["keyring"]


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_named_profile_is_never_given_the_command_lines_token(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(KEYS["commandline"])
    config('[profiles.work]\nbase_url = "https://work.test"\n')
    if way == "environment":
        monkeypatch.setenv("CREATEOS_PROFILE", "work")
    with pytest.raises(ConfigurationError, match="no key was found for profile 'work'"):
        find("work" if way == "argument" else None)


def test_a_key_of_the_environment_warns_where_a_profile_was_named_that_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config(f'default_profile = "work"\n[profiles.work]\napi_key = "{KEYS["profile"]}"\n')
    monkeypatch.setenv("CREATEOS_API_KEY", KEYS["environment"])
    said = "CREATEOS_API_KEY is set, and is used instead of the key of profile 'work'"
    with pytest.warns(UserWarning, match=said) as told:
        assert used(find("work")) == KEYS["environment"]
    assert told[0].filename == __file__
    assert KEYS["environment"] not in str(told[0].message)
    assert used(find()) == KEYS["environment"]  # none was named: no warning, which would be an error here
    monkeypatch.setenv("CREATEOS_API_KEY", KEYS["profile"])
    assert used(find("work")) == KEYS["profile"]


def test_two_keys_at_once_are_an_error() -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        find(api_key="a", access_token="b")


@pytest.mark.parametrize(
    ("text", "api_key", "token"),
    [
        (KEYS["commandline"] + "\n", KEYS["commandline"], None),
        ("eyJhbGciOi.J9.x\n", None, "eyJhbGciOi.J9.x"),
        ('{"access_token": "eyJ.a"}', None, "eyJ.a"),
        ('{"expires": 1, "accessToken": "eyJ.b"}', None, "eyJ.b"),
        ('{"token": "skp_c"}', "skp_c", None),
    ],
)
def test_the_command_lines_token_is_a_key_or_an_access_token(text: str, api_key: str | None, token: str | None) -> None:
    command_line(text)
    found = find()
    assert (found.api_key and found.api_key.reveal(), found.access_token and found.access_token.reveal()) == (
        api_key,
        token,
    )


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"{", b'{"token": 7}', b"\xff\xfe"])
def test_a_command_line_that_has_no_token_counts_for_nothing(content: bytes) -> None:
    command_line("")
    credentials.cli_token_path().write_bytes(content)
    with pytest.raises(ConfigurationError, match="no key was found"):
        find()


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_without_a_key_every_way_to_give_one_is_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        createos_nb.connect()
    text = str(caught.value)
    for way in (
        "connect(api_key=...)",
        "access_token=",
        "CREATEOS_API_KEY",
        "createos-nb login",
        str(profiles.path()),
        "keyring",
        str(credentials.cli_token_path()),
        "createos_nb.simulate()",
    ):
        assert way in text


def test_an_unknown_profile_lists_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match=r"there is no profile 'wrok' in .*config\.toml; there is: none"):
        find("wrok")
    config('[profiles.work]\napi_key = "skp_1"\n[profiles.home]\napi_key = "skp_2"\n')
    with pytest.raises(ConfigurationError, match="there is: work, home"):
        find("wrok")
    with pytest.raises(ConfigurationError, match="there is no profile 'wrok'"):
        find("wrok", api_key=KEYS["argument"], base_url="https://x.test")


def test_a_default_profile_that_there_is_not_is_not_passed_over() -> None:
    command_line(KEYS["commandline"])
    config('default_profile = "gone"\n')
    with pytest.raises(ConfigurationError, match="there is no profile 'gone'"):
        find()


@pytest.mark.parametrize(
    "trouble",
    [keyring.errors.KeyringLocked("it is locked"), keyring.errors.InitError("it is locked"), OSError("it is locked")],
)
def test_a_keyring_that_cannot_be_read_is_told_of_where_nothing_else_helps(ring: Ring, trouble: Exception) -> None:
    ring.trouble = trouble
    with pytest.raises(ConfigurationError, match=r"the keyring can't be read: it is locked"):
        find()
    command_line(KEYS["commandline"])
    assert used(find()) == KEYS["commandline"]


def test_a_keyring_without_a_backend_counts_for_nothing(ring: Ring) -> None:
    ring.trouble = keyring.errors.NoKeyringError("no backend")
    with pytest.raises(ConfigurationError) as caught:
        find()
    assert "no backend" not in str(caught.value)


def test_a_keyring_that_takes_no_key_is_an_error(ring: Ring) -> None:
    ring.trouble = keyring.errors.PasswordSetError("full")
    with pytest.raises(ConfigurationError, match="the keyring does not take the key: full"):
        credentials.to_keyring("work", KEYS["keyring"])


def test_without_the_package_keyring_all_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    command_line(KEYS["commandline"])
    assert used(find()) == KEYS["commandline"]
    with pytest.raises(ConfigurationError, match=r"pip install 'createos-nb\[keyring\]'"):
        credentials.to_keyring(None, "skp_x")


def test_a_key_that_goes_into_the_keyring_comes_out_of_it(ring: Ring) -> None:
    credentials.to_keyring("work", createos_nb.Secret(KEYS["keyring"]))
    assert ring.held == {("createos-nb", "work"): KEYS["keyring"]}
    assert used(find("work")) == KEYS["keyring"]


def test_a_config_file_that_nothing_is_needed_of_is_not_read() -> None:
    config("no TOML")
    assert used(find(api_key=KEYS["argument"], base_url="https://x.test")) == KEYS["argument"]
    with pytest.raises(ConfigurationError, match="is no TOML"):
        find(api_key=KEYS["argument"])  # the address might be in it


# --- the key shows nowhere --------------------------------------------------------------------------------------------


def test_a_key_shows_in_no_repr() -> None:
    config(f'[profiles.work]\napi_key = "{KEYS["profile"]}"\n')
    shown = [find(api_key=KEYS["argument"]), find("work"), profiles.read(), createos_nb.connect("work")]
    for one in shown:
        assert "skp_" not in repr(one)
        assert "skp_" not in str(one)
    assert MASK in repr(shown[0])


@pytest.mark.parametrize(
    "wrong", [{"base_url": "nonsense"}, {"verify": "/no/such/file"}, {"api_key": "skp_ümlaut"}, {"profile": "none"}]
)
def test_a_key_shows_in_no_traceback_that_shows_variables(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        createos_nb.connect(**{"api_key": KEYS["argument"], **wrong})
    key = wrong.get("api_key", KEYS["argument"])
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    package = os.sep + "createos_nb" + os.sep
    inside = [frame for frame in told.stack if package in frame.filename]
    assert inside
    for frame in inside:
        for value in (frame.locals or {}).values():
            assert key not in value
    assert key not in str(caught.value)
    assert key not in repr(pickle.dumps(caught.value))


def test_a_key_that_the_platform_refuses_shows_in_no_error(wire: Any) -> None:
    client, _ = wire.client(wire.fail(401, f"the key {wire.KEY} is unknown"))
    with pytest.raises(Unauthorized) as caught:
        client.projects.list()
    assert wire.KEY not in "".join(traceback.format_exception(caught.value))


def test_a_config_file_that_is_wrong_shows_no_key() -> None:
    for text in (
        f'[profiles.work]\napi_key = "{KEYS["profile"]}\n',
        f'[profiles.work]\napi_key = "{KEYS["profile"]}"\nother = 1\n',
        f'[profiles.work]\napi_key = "{KEYS["profile"]}"\naccess_token = "{KEYS["other"]}"\n',
        f'[profiles]\nwork = "{KEYS["profile"]}"\n',
    ):
        config(text)
        with pytest.raises(ConfigurationError) as caught:
            find()
        assert "skp_" not in str(caught.value)
