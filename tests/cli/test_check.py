"""`createos-nb check`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from createos_nb.cli import main
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve

WORLD = ["check", "--world", "storefront", "--projects", "edge-gateway"]
UNKNOWN = ("no_secrets_in_code", "start_small")
BROKEN = ("security_scan", "names")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def accept(*codes: str, name: str = "createos-nb.toml") -> None:
    texts = [f'[[exceptions]]\ncode = "{code}"\nreason = "because of {code}"\n' for code in codes]
    Path(name).write_text("\n".join(texts), encoding="utf-8")


def test_what_is_broken_ends_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(WORLD) == 5
    out = capsys.readouterr().out
    assert "broken   medium  security_scan" in out
    assert "Switch it on: client.projects.update('edge-gateway'" in out
    assert "held" not in out.rpartition("FAIL")[0]
    assert out.endswith("FAIL: 2 broken, 2 unknown, 0 accepted, 16 held. It took 6 requests.\n")


def test_what_is_not_known_ends_with_6_and_what_is_accepted_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    accept(*BROKEN)
    assert main(WORLD) == 6
    assert "NO DATA: 0 broken, 2 unknown, 2 accepted, 16 held" in capsys.readouterr().out
    accept(*BROKEN, *UNKNOWN)
    assert main([*WORLD, "--all"]) == 0
    out = capsys.readouterr().out
    assert "accepted: because of start_small" in out
    assert "held     high    port" in out
    assert "PASS: 0 broken, 0 unknown, 4 accepted, 16 held" in out


def test_a_command_is_printed_where_a_notebook_mends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--world", "storefront", "--projects", "chat-bot"]) == 5
    out = capsys.readouterr().out
    assert "createos-nb run 44_scale -p project=chat-bot -p environment=production -p replicas=2" in out
    assert "runbooks.keep_awake(client, 'chat-bot', 'production')" in out


def test_json_has_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    accept("names", "names_of_all")
    assert main([*WORLD, "--json"]) == 5
    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert facts["schema"] == "createos-nb/check/1"
    assert (facts["result"], facts["requests"], facts["complete"]) == ("FAIL", 6, True)
    states = [row["state"] for row in facts["rows"]]
    assert {state: states.count(state) for state in set(states)} == {
        "broken": 1,
        "unknown": 2,
        "accepted": 1,
        "held": 16,
    }
    first = facts["rows"][0]
    assert (first["code"], first["held"], first["environment"]) == ("security_scan", False, None)
    assert "names_of_all" in facts["notices"][0]
    assert "createos-nb check: " in printed.err
    assert "there is no practice 'names_of_all'" in printed.err


def test_errors_are_none_of_these(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--world", "storefront", "--projects", "no-such"]) == 2
    assert main(["check", "--world", "storefront", "--exceptions", "none.toml"]) == 1
    Path("createos-nb.toml").write_text('[[exceptions]]\ncode = "names"\n', encoding="utf-8")
    assert main(WORLD) == 1
    assert "has no reason: say why it is accepted" in capsys.readouterr().err


def test_over_http_it_says_the_same(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(open_world("storefront"), 0, 0) as place:
        monkeypatch.setenv("CREATEOS_API_URL", place.url)
        monkeypatch.setenv("CREATEOS_API_KEY", place.key)
        assert main(["check", "--projects", "edge-gateway"]) == 5
    assert "FAIL: 2 broken, 2 unknown, 0 accepted, 16 held" in capsys.readouterr().out
