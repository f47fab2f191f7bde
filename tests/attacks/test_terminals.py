"""Hostile names in archives, escapes through errors and commands, and pipes that nobody reads."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import createos_nb
from createos_nb import errors
from createos_nb.cli import COMMANDS, main
from createos_nb.uploads import unpack
from createos_nb.uploads.unpacking import UnsafeArchive
from tests.attacks.tally import tally, times
from tests.uploads.made import zip_of

STEERING: Final = [
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\x08",
    "\r",
    "\x00",
    "\ud800",
]
HIDDEN: Final = [one for one in STEERING if one not in ("\x00", "\ud800")]  # a zip of Python holds neither


def _steers(text: str) -> bool:
    return any(letter in text for letter in "\x1b\x9b\x07\x08\r\x00\u202e\u2066\u200b\ud800")


def test_hostile_names_are_not_unpacked(tmp_path: Path) -> None:
    names = [f"a{one}b.txt" for one in HIDDEN] + [f"in/{one}/b.txt" for one in HIDDEN]
    names += ["~", "~/x", "~root/.ssh/authorized_keys", "/etc/x", "../x", "a/../../x", "C:/x", "c:x", "a\\..\\x"]
    names += ["x" * 300, "é" * 130, "/".join(["d"] * 600), "\u00ad.txt", "\ufeff.txt"]
    with tally(
        "archives", "names that steer, hide, lead home or out, or are too long", "refused, nothing written"
    ) as kept:
        for number, name in enumerate(names):
            (tmp_path / "a.zip").write_bytes(zip_of({"ok.txt": "", name: "x"}))
            target = tmp_path / str(number)
            target.mkdir()
            try:
                unpack(tmp_path / "a.zip", target, max_bytes=10_000)
                kept.check(False, repr(name))
            except UnsafeArchive as error:
                kept.check(not _steers(str(error)) and not any(target.iterdir()), repr(error))


def test_plain_names_are_unpacked(tmp_path: Path) -> None:
    names = [
        "a.txt",
        "a~",
        "a b/ä.txt",
        "日本語.md",
        "👩\u200d💻.png",
        "می\u200cخواهم.txt",
        ".hidden",
        "aux.js",
        "x" * 255,
    ]
    with tally("archives", "plain names of many scripts", "unpacked") as kept:
        for number, name in enumerate(names):
            (tmp_path / "a.zip").write_bytes(zip_of({name: "x"}))
            target = tmp_path / str(number)
            target.mkdir()
            kept.check(list(unpack(tmp_path / "a.zip", target, max_bytes=10_000)) == [name], name)


def _kinds(top: type[BaseException]) -> list[type[BaseException]]:
    return [top, *(kind for one in top.__subclasses__() for kind in _kinds(one))]


def test_no_error_steers_a_terminal() -> None:
    with tally("terminals", "escapes and overrides in the text of every error", "spelled out") as kept:
        for kind in _kinds(errors.CreateOSError):
            for one in STEERING:
                error = kind.__new__(kind)
                error.args = (f"name{one}",)
                for name in ("message", "reason", "operation", "method", "path", "hint"):
                    setattr(error, name, f"x{one}")
                error.status = 500  # type: ignore[attr-defined]
                for name in ("log", "done", "not_done", "undo", "journal"):
                    setattr(error, name, None)
                kept.check(not _steers(str(error)) and "x" + one not in str(error), f"{kind.__name__} {one!r}")
        again = pickle.loads(pickle.dumps(createos_nb.UnknownName("project", "\x1b[2J", ["\u202ea"])))
        kept.check(not _steers(str(again)), str(again))


@pytest.mark.grid(5)
@pytest.mark.parametrize("command", [one.name for one in COMMANDS])
def test_no_command_steers_a_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with tally("terminals", "escapes and overrides in what a command is given, or prints", "spelled out") as kept:
        for one in STEERING[:-2]:
            lines = [[command, f"--no{one}"], [f"{command}{one}"]]
            lines += {
                "run": [["run", f"x{one}"], ["run", "00_tour", "-p", f"{one}=1"]],
                "dashboard": [["dashboard", f"x{one}"]],
                "serve": [["serve", "--scenario", f"x{one}"], ["serve", "--faults", f"/no/{one}"]],
                "whoami": [["whoami", "--profile", f"x{one}"]],
            }.get(command, [])
            for line in lines:
                try:
                    code: object = main(line)
                except SystemExit as end:
                    code = end.code
                said = capsys.readouterr()
                kept.check(code != 0 and not _steers(said.out + said.err), f"{line!r}: {said!r}")


#: Each line in a child of one process that has imported all: its status, and what it said on the other stream.
_EACH: Final = """
import json, os, sys, tempfile
from createos_nb.cli import main
found = []
for line in json.loads(sys.argv[1]):
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            reading, writing = os.pipe()
            os.close(reading)
            os.dup2(writing, 1)
            os.dup2(said.fileno(), 2)
            sys.exit(main(line))
        status = os.waitpid(child, 0)[1]
        said.seek(0)
        found.append([status, said.read().decode()])
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_a_closed_pipe_is_no_error() -> None:
    lines = [["--help"], ["--version"], ["run"], ["run", "--list"], ["run", "00_tour", "--list"]]
    some = random.Random(5).sample(COMMANDS, min(times(len(COMMANDS)), len(COMMANDS)))
    lines += [[one.name, "--help"] for one in some]
    with tally("terminals", "commands whose output nobody reads", "exit code 0, no word") as kept:
        done = subprocess.run(
            [sys.executable, "-c", _EACH, json.dumps(lines)], capture_output=True, text=True, timeout=120, check=True
        )
        for line, (status, said) in zip(lines, json.loads(done.stdout), strict=True):
            kept.check(status == 0 and not said, f"{line}: {status} {said!r}")
