"""The config file: read strictly, for its owner only, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from createos_nb import ConfigurationError, InvalidInput
from createos_nb.client.connect import profiles

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config" / "config.toml"
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(path))
    return path


def wrote(place: Path, text: str, mode: int = 0o600) -> None:
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(mode)


def test_the_config_file_is_where_the_system_keeps_such_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREATEOS_NB_CONFIG")
    assert profiles.path().name == "config.toml"
    assert profiles.path().parent.name == "createos-nb"
    monkeypatch.setenv("CREATEOS_NB_CONFIG", "~/x.toml")
    assert profiles.path() == Path.home() / "x.toml"


def test_without_a_config_file_there_are_no_profiles() -> None:
    assert profiles.read() == (None, {}, ())


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [", "is no TOML"),
        ("other = 1", r"has other, but it holds only default_profile, profiles"),
        ("profiles = 1", r"must hold its profiles as \[profiles\.NAME\]"),
        ("[profiles]\nwork = 1", r"must hold its profiles as \[profiles\.NAME\]"),
        ("default_profile = 1", "must be the name of a profile"),
        (
            "[profiles.work]\nkey = 'x'",
            "has key, but a profile holds only api_key, access_token, base_url",
        ),
        ("[profiles.work]\napi_key = 7", "api_key of profile 'work' must be a text in quotes"),
        ("[profiles.work]\napi_key = 'a'\naccess_token = 'b'", "has api_key and access_token"),
    ],
)
def test_a_config_file_that_holds_something_else_is_refused(place: Path, text: str, said: str) -> None:
    wrote(place, text)
    with pytest.raises(ConfigurationError, match=said):
        profiles.read()


def test_a_config_file_that_is_no_text_or_no_file_is_refused(place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="it is not UTF-8"):
        profiles.read()
    place.unlink()
    place.mkdir()
    with pytest.raises(ConfigurationError, match=r"can't be read: Is a directory|can't be read: Permission denied"):
        profiles.read()


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o777, 0o610])
def test_keys_that_others_can_read_are_refused_with_the_remedy(place: Path, mode: int) -> None:
    wrote(place, "[profiles.work]\napi_key = 'skp_1'\n", mode)
    with pytest.raises(ConfigurationError, match=r"others can read the keys in .*: run `chmod 600 "):
        profiles.read()
    with pytest.raises(ConfigurationError, match="chmod 600"):
        profiles.save("home", api_key="skp_2", base_url=None)
    wrote(place, "[profiles.work]\nbase_url = 'https://x.test'\n", mode)
    assert profiles.read().profiles == {"work": {"base_url": "https://x.test"}}


# --- writing ----------------------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_config_file_is_for_its_owner_only(place: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        profiles.save("work", api_key="skp_1", base_url=None)
        profiles.save("home", api_key="skp_2", base_url=None)
    finally:
        os.umask(old)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert [one.name for one in place.parent.iterdir()] == ["config.toml"]


@POSIX
def test_a_config_file_that_gets_its_first_key_is_closed_to_others(place: Path) -> None:
    wrote(place, "[profiles.work]\nbase_url = 'https://x.test'\n", 0o644)
    profiles.save("home", api_key="skp_1", base_url=None)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_first_profile_becomes_the_default_one() -> None:
    profiles.save("work", api_key="skp_1", base_url="https://x.test")
    profiles.save("home", api_key="skp_2", base_url=None)
    assert profiles.read() == (
        "work",
        {"work": {"api_key": "skp_1", "base_url": "https://x.test"}, "home": {"api_key": "skp_2"}},
        (),
    )


def test_a_profile_that_is_saved_again_is_the_new_one_alone() -> None:
    profiles.save("work", api_key="skp_1", base_url="https://x.test")
    profiles.save("work", api_key=None, base_url=None)
    assert profiles.read() == ("work", {"work": {}}, ())


def test_what_else_is_in_the_file_stays_as_it_is(place: Path) -> None:
    wrote(
        place,
        "# my own file\n"
        "default_profile = 'home'  # as ever\n"
        "\n"
        "[profiles.work]   # the old key\n"
        "api_key = 'skp_old'\n"
        "\n"
        "# the other account\n"
        "[profiles.home]\n"
        "api_key = 'skp_home'\n",
    )
    profiles.save("work", api_key="skp_new", base_url=None)
    assert place.read_text() == (
        "# my own file\n"
        "default_profile = 'home'  # as ever\n"
        "\n"
        "[profiles.work]   # the old key\n"
        'api_key = "skp_new"\n'
        "\n"
        "# the other account\n"
        "[profiles.home]\n"
        "api_key = 'skp_home'\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "profiles.work.api_key = 'skp_old'\n",
        "[profiles]\nwork = {api_key = 'skp_old'}\nhome = {api_key = 'skp_home'}\n",
        "[profiles.work]\nbase_url = '''\n[profiles.work]\n'''\n",
        "[ profiles . 'work' ]\napi_key = 'skp_old'\n[profiles.home]\n",
        "[profiles]\n[profiles.work]\n",
        "[profiles.home]\n[profiles]\nwork = {}\n",
        "profiles = {}\n",
    ],
    ids=["dotted", "inline", "a header inside a text", "spaces", "a parent", "a parent that comes late", "one line"],
)
def test_a_file_in_whatever_form_holds_the_new_profile_and_all_others(place: Path, text: str) -> None:
    wrote(place, text)
    before = profiles.read().profiles
    profiles.save("work", api_key="skp_new", base_url=None)
    assert profiles.read().profiles == {**before, "work": {"api_key": "skp_new"}}


def test_comments_and_the_order_of_a_profile_that_is_saved_again_stay(place: Path) -> None:
    wrote(
        place,
        "[profiles.work]\n# of the team\nbase_url = 'https://x.test'  # inside\napi_key = 'skp_old'  # until June\n"
        "# the end\n",
    )
    profiles.save("work", api_key="skp_new", base_url="https://y.test")
    profiles.save("home", api_key="skp_home", base_url=None)
    assert place.read_text() == (
        'default_profile = "work"\n\n'
        '[profiles.work]\n# of the team\nbase_url = "https://y.test"  # inside\napi_key = "skp_new"  # until June\n'
        '# the end\n\n[profiles.home]\napi_key = "skp_home"\n'
    )


names = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "), min_size=1, max_size=12)


@given(saved=st.lists(st.tuples(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=12)), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_names_and_keys_are_saved_come_back(place: Path, saved: list[tuple[str, str]]) -> None:
    place.unlink(missing_ok=True)
    for name, key in saved:
        profiles.save(name, api_key=key, base_url=None)
    assert profiles.read().profiles == {name: {"api_key": key} if key else {} for name, key in saved}
    if saved:
        assert tomllib.loads(place.read_text(encoding="utf-8"))["default_profile"] == saved[0][0]


@pytest.mark.parametrize("name", ["", "a\nb", "\x00", "\ud800"])
def test_a_name_that_no_file_can_hold_is_refused(place: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        profiles.save(name, api_key="skp_1", base_url=None)
    assert not place.exists()


def test_a_key_that_no_file_can_hold_is_refused(place: Path) -> None:
    with pytest.raises(InvalidInput, match="surrogate"):
        profiles.save("work", api_key="\ud800", base_url=None)
    assert not place.exists()


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    place: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save("work", api_key="skp_1", base_url=None)
    before = place.read_text()

    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, fail)
    with pytest.raises(ConfigurationError, match="can't be written: No space left on device"):
        profiles.save("work", api_key="skp_2", base_url=None)
    assert place.read_text() == before
    assert [one.name for one in place.parent.iterdir()] == ["config.toml"]


def test_the_new_file_is_on_the_disk_before_it_takes_the_old_ones_place(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, real=real, name=name: (steps.append(name), real(*args))[1])
    profiles.save("work", api_key="skp_1", base_url=None)
    assert steps == ["fsync", "replace", "fsync"]  # the content, then its name
    assert place.exists()


@POSIX
def test_a_link_to_the_config_file_stays_one(place: Path, tmp_path: Path) -> None:
    place.parent.mkdir()
    place.symlink_to(tmp_path / "dotfiles.toml")
    profiles.save("work", api_key="skp_1", base_url=None)
    assert place.is_symlink()
    assert stat.S_IMODE((tmp_path / "dotfiles.toml").stat().st_mode) == 0o600
    assert profiles.read().default == "work"
