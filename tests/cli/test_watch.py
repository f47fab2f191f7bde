"""`createos-nb watch`: what it prints, how it ends, and where the addresses of those who are told come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from createos_nb.cli import main
from createos_nb.client.connect import profiles
from tests.notify.receiver import TOKEN, Receiver


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(path))
    for name in ("CREATEOS_NB_NOTIFY", "CREATEOS_NB_HEARTBEAT", "CREATEOS_API_KEY", "CREATEOS_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return path


def test_once_says_what_is_open_and_ends_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--world", "bad-release", "--once"]) == 5
    out = capsys.readouterr().out
    assert "PAGE   storefront/production: 2.1 % of 5,957 requests" in out
    assert "createos-nb run 42_rollback -p project=storefront" in out
    assert "FAIL: 1 alert is open." in out


def test_once_says_what_is_still_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["watch", "--world", "bad-release", "--once", "--state", str(tmp_path / "state.json")]
    assert main(command) == 5
    assert main(command) == 5
    assert "still   storefront/production: 2.1 %" in capsys.readouterr().out


def test_nothing_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--world", "quota-full", "--once"]) == 0
    assert "PASS: 0 alerts are open." in capsys.readouterr().out


def test_what_was_not_looked_at_is_6_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["watch", "--world", "storefront", "--projects", "chat-bot", "orders-api", "--once", "--budget", "12"])
        == 6
    )
    out, err = capsys.readouterr()
    assert "NO DATA" in out
    assert "createos-nb watch: budget: " in err


def test_lines_of_json_and_a_heartbeat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beat = tmp_path / "heartbeat.json"
    command = ["watch", "--world", "dns-pending", "--duration", "5min", "--json", "--heartbeat", str(beat)]
    assert main(command) == 5
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["begins"] * 3 + ["round"] * 6
    assert {event["kind"] for event in events[:3]} == {"domain"}
    facts = json.loads(beat.read_text())
    assert (facts["rounds"], facts["failures"], len(facts["open"])) == (6, 0, 3)


@pytest.mark.parametrize("source", ["argument", "variable", "config"])
def test_addresses_come_from_three_places_and_show_in_none(
    source: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Receiver() as receiver:
        command = ["watch", "--world", "bad-release", "--duration", "1min"]
        if source == "argument":
            command += ["--notify", receiver.address]
        elif source == "variable":
            monkeypatch.setenv("CREATEOS_NB_NOTIFY", receiver.address)
        else:
            config.write_text(f'notify = ["{receiver.address}"]\n')
            config.chmod(0o600)
        assert main(command) == 5
        assert len(receiver.titles) == 1
    out, err = capsys.readouterr()
    assert ", tells json" in out
    assert TOKEN not in out + err


def test_who_does_not_take_it_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Receiver() as gone:
        address = gone.address
    assert main(["watch", "--world", "bad-release", "--duration", "3min", "--notify", address]) == 5
    err = capsys.readouterr().err
    assert err.count("createos-nb watch: notify: json: ") == 1
    assert TOKEN not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--every", "never"],
        ["--every", "0s", "--once"],
        ["--budget", "1", "--once"],
        ["--notify", f"nowhere://{TOKEN}", "--once"],
        ["--heartbeat", "missing/file", "--once"],
        ["--projects", "nowhere", "--once"],
        [],
    ],
)
def test_what_can_not_be_used_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--world", "bad-release", *arguments]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("createos-nb: ")
    assert TOKEN not in out + err


def test_a_config_file_that_others_can_read_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('notify = ["slack://a/b/c"]\n')
    config.chmod(0o644)
    assert main(["watch", "--world", "bad-release", "--once"]) == 1
    assert "chmod 600" in capsys.readouterr().err


@pytest.mark.parametrize("text", ['notify = "slack://a"', "notify = [7]", "notify = {}"])
def test_notify_in_the_config_file_is_a_list_of_addresses(text: str, config: Path) -> None:
    config.write_text(text)
    config.chmod(0o600)
    with pytest.raises(Exception, match="notify must be a list of addresses"):
        profiles.read()


def test_a_profile_is_saved_beside_the_addresses(config: Path) -> None:
    config.write_text('notify = ["slack://a/b/c"]\n')
    config.chmod(0o600)
    profiles.save("work", api_key="skp_0123456789abcdef", base_url=None)
    kept = profiles.read()
    assert [address.reveal() for address in kept.notify] == ["slack://a/b/c"]
    assert list(kept.profiles) == ["work"]
    assert "slack" not in repr(kept)
