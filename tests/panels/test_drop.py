"""Files that are dropped: in parts, into a folder of their own, and never outside of it."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest

from createos_nb.panels.drop import Drop, describes
from tests.panels.robot import Record

SECRET = b"A_TOKEN=never-in-a-widget-7c1f"


class Browser:
    """The other side of a drop, in Python: lists the names, and sends what is wanted in parts."""

    def __init__(self, drop: Drop, part: int = 7) -> None:
        self.drop, self.part = drop, part
        self.heard: list[dict[str, Any]] = []
        drop.send = lambda content, buffers=None: self.heard.append(content)  # type: ignore[method-assign]

    def tell(self, content: Any, buffers: list[bytes] | None = None) -> None:
        self.drop._handle_custom_msg(content, [memoryview(one) for one in buffers or []])

    def begin(self, files: dict[str, bytes], left: list[str] | None = None, batch: str = "b") -> list[int]:
        names = [[path, len(data)] for path, data in files.items()]
        self.tell({"kind": "begin", "batch": batch, "files": names, "left": left or []})
        last = self.heard[-1]
        return list(last["files"]) if last["kind"] == "want" else []

    def send(self, files: dict[str, bytes], left: list[str] | None = None, batch: str = "b") -> None:
        contents = list(files.values())
        for number in self.begin(files, left, batch):
            data = contents[number]
            for at in range(0, len(data), self.part):
                piece = data[at : at + self.part]
                self.tell({"kind": "parts", "batch": batch, "parts": [[number, at]]}, [piece])


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders are made where nothing is left over from elsewhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def drop() -> Iterator[Drop]:
    own = Drop()
    yield own
    own.close()


@pytest.fixture
def browser(drop: Drop) -> Browser:
    return Browser(drop)


def held(drop: Drop) -> dict[str, bytes]:
    assert drop.folder is not None
    return {
        path.relative_to(drop.folder).as_posix(): path.read_bytes()
        for path in sorted(drop.folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_comes_whole_in_parts(drop: Drop, browser: Browser) -> None:
    files = {
        "shop/index.html": b"<h1>hello",
        "shop/css/a.css": b"a{}" * 20,
        "shop/empty.txt": b"",
        "shop/é.bin": b"\0\xff",
    }
    browser.send(files)
    assert held(drop) == files
    assert drop.source == drop.folder / "shop"  # type: ignore[operator]
    assert drop.said == "4 files, 71 bytes"


def test_files_without_a_folder_are_a_folder_of_their_own(drop: Drop, browser: Browser) -> None:
    browser.send({"index.html": b"1", "a.css": b"2"})
    assert drop.source == drop.folder


def test_one_archive_is_that_archive(drop: Drop, browser: Browser) -> None:
    browser.send({"site.ZIP": b"PK"})
    assert drop.source is not None
    assert drop.source.name == "site.ZIP"


def test_nothing_is_here_before_all_has_come(drop: Drop, browser: Browser) -> None:
    told: list[Path | None] = []
    drop.changed = lambda: told.append(drop.folder)
    browser.begin({"a": b"1234"})
    browser.tell({"kind": "parts", "batch": "b", "parts": [[0, 0]]}, [b"12"])
    assert drop.folder is None
    assert drop.source is None
    browser.tell({"kind": "parts", "batch": "b", "parts": [[0, 2]]}, [b"34"])
    assert held(drop) == {"a": b"1234"}
    assert told == [None, drop.folder]


def test_many_small_files_go_in_one_message(drop: Drop, browser: Browser) -> None:
    assert browser.begin({"a": b"1", "b": b"23"}) == [0, 1]
    browser.tell({"kind": "parts", "batch": "b", "parts": [[0, 0], [1, 0]]}, [b"1", b"23"])
    assert held(drop) == {"a": b"1", "b": b"23"}
    assert browser.heard[-1] == {"kind": "got", "batch": "b"}


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "a/../../out.txt",
        "/etc/out.txt",
        "..",
        "",
        "a//b",
        "./a",
        "a\\..\\b",
        "C:/out.txt",
        "a\x00b",
        "a\nb",
        "\ud800",
        "x" * 2000,
    ],
)
def test_a_name_that_leads_out_or_is_none_is_refused_and_said(drop: Drop, browser: Browser, name: str) -> None:
    browser.send({name: b"evil", "index.html": b"good"})
    assert held(drop) == {"index.html": b"good"}
    assert len(drop.refused) == 1
    assert "1 not taken" in drop.said
    assert "\n" not in drop.said
    outside = Path(drop.folder).parent  # type: ignore[arg-type]
    assert not (outside / "out.txt").exists()


@pytest.mark.parametrize("left", ["../out", "/out", "..", "a/../../out"])
def test_a_folder_that_leads_out_is_refused_too(drop: Drop, browser: Browser, left: str) -> None:
    browser.send({"index.html": b"good"}, [left])
    assert held(drop) == {"index.html": b"good"}
    assert not (Path(drop.folder).parent / "out").exists()  # type: ignore[arg-type]
    assert len(drop.refused) == 1


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["n" * 300]])
def test_names_that_can_not_be_together_are_refused_and_the_rest_comes(
    drop: Drop, browser: Browser, names: list[str]
) -> None:
    listed = [[name, 1] for name in [*names, "index.html"]]
    browser.tell({"kind": "begin", "batch": "b", "files": listed, "left": []})
    for number in browser.heard[-1]["files"]:
        browser.tell({"kind": "parts", "batch": "b", "parts": [[number, 0]]}, [b"1"])
    assert "index.html" in held(drop)
    assert len(drop.refused) == 1


def test_secrets_and_packages_never_leave_the_browser(drop: Drop, browser: Browser) -> None:
    """A stand-in of the same name and size is there, so that the plan can say why it stays out."""
    files = {
        "shop/index.html": b"hi",
        "shop/.env": SECRET,
        "shop/id_rsa": b"key",
        "shop/node_modules/x.js": b"1",
        "shop/.aws/credentials": SECRET,
    }
    wanted = browser.begin(files, ["shop/.git"])
    assert wanted == [0]
    browser.tell({"kind": "parts", "batch": "b", "parts": [[0, 0]]}, [b"hi"])
    assert held(drop)["shop/.env"] == bytes(len(SECRET))
    assert (drop.source / ".git").is_dir()  # type: ignore[operator]
    import createos_nb

    plan = createos_nb.simulate().deployments.upload_plan(drop.source)  # type: ignore[arg-type]
    rows = plan.set_index("path")
    assert rows.loc["index.html", "included"]
    assert plan.attrs["files"] == 1
    assert rows.loc[".env", "reason"].startswith("secret")
    assert rows.loc[".env", "bytes"] == len(SECRET)
    assert rows.loc[".git/", "reason"] == "history of the repository"
    assert rows.loc["node_modules/", "reason"].startswith("installed packages")


def test_no_content_is_ever_in_a_synced_state(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record()
    monkeypatch.setattr(comm, "create_comm", record.comm)
    own = Drop()
    content = b"a-content-that-is-mine"
    own._handle_custom_msg({"kind": "begin", "batch": "b", "files": [["a.txt", len(content)]], "left": []}, [])
    own._handle_custom_msg({"kind": "parts", "batch": "b", "parts": [[0, 0]]}, [memoryview(content)])
    assert own.folder is not None
    everything = json.dumps([data for _, data in record.sent])
    assert "a-content" not in everything
    own.close()


def test_the_folder_is_for_this_user_alone_and_goes(drop: Drop, browser: Browser) -> None:
    browser.send({"a": b"1"})
    folder = drop.folder
    assert folder is not None
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    browser.send({"b": b"2"}, batch="c")
    assert not folder.exists()
    assert held(drop) == {"b": b"2"}
    later = drop.folder
    drop.clear()
    assert drop.source is None
    assert not later.exists()  # type: ignore[union-attr]


def test_closing_deletes_what_was_dropped() -> None:
    own = Drop()
    Browser(own).send({"a": b"1"})
    folder = own.folder
    own.close()
    assert folder is not None
    assert not folder.exists()


def test_the_limits_are_said_and_kept() -> None:
    own = Drop(most_bytes=10, most_files=3)
    browser = Browser(own)
    assert own.limits == {"bytes": 10, "files": 3}
    browser.send({"a": b"x" * 11})
    assert own.folder is None
    assert "11 bytes are more than the 10" in own.said
    assert browser.heard[-1]["kind"] == "stop"
    browser.send({str(n): b"" for n in range(4)})
    assert "more than 3 names" in own.said
    own.limits = {"bytes": 1_000, "files": 1_000}  # as a page could
    browser.send({"a": b"x" * 11})
    assert own.folder is None
    own.close()


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {},
        {"kind": "begin", "batch": "b"},
        {"kind": "begin", "batch": "b", "files": [["a", -1]], "left": []},
        {"kind": "begin", "batch": "b", "files": [["a", 1.5]], "left": []},
        {"kind": "begin", "batch": "b", "files": [[None, 1]], "left": []},
        {"kind": "begin", "batch": "b", "files": 3, "left": []},
        {"kind": "begin", "batch": "b", "files": [], "left": []},
        {"kind": "parts", "batch": "b", "parts": [[0, 2]]},
        {"kind": "parts", "batch": "b", "parts": [[7, 0]]},
        {"kind": "parts", "batch": "b", "parts": [[0, 0], [0, 0]]},
        {"kind": "failed", "batch": "b", "path": "a"},
    ],
)
def test_what_is_no_part_of_a_drop_ends_it_and_raises_nothing(drop: Drop, browser: Browser, message: Any) -> None:
    browser.begin({"a": b"1234"})
    browser.tell(message, [b"12"])
    assert drop.folder is None
    assert drop.said.startswith("not taken: ")
    assert browser.heard[-1]["kind"] == "stop"
    browser.send({"a": b"1234"}, batch="again")  # and the next drop comes
    assert held(drop) == {"a": b"1234"}


def test_more_than_was_said_is_refused(drop: Drop, browser: Browser) -> None:
    browser.begin({"a": b"12"})
    browser.tell({"kind": "parts", "batch": "b", "parts": [[0, 0]]}, [b"123"])
    assert drop.folder is None
    assert drop.said.startswith("not taken")


def test_parts_of_a_drop_that_was_replaced_count_for_nothing(drop: Drop, browser: Browser) -> None:
    browser.begin({"a": b"12"}, batch="old")
    browser.begin({"a": b"34"}, batch="new")
    browser.tell({"kind": "parts", "batch": "old", "parts": [[0, 0]]}, [b"12"])
    browser.tell({"kind": "parts", "batch": "new", "parts": [[0, 0]]}, [b"34"])
    assert held(drop) == {"a": b"34"}


def test_while_it_is_off_nothing_is_taken_and_what_is_here_stays(drop: Drop, browser: Browser) -> None:
    browser.send({"a": b"1"})
    drop.disabled = True
    browser.send({"b": b"2"}, batch="c")
    assert held(drop) == {"a": b"1"}
    assert browser.heard[-1] == {"kind": "stop", "batch": "c"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, ""),
        ("site", "site"),
        (Path("a/b"), "a/b"),
        ({"a": "1"}, "1 files given from code"),
        (b"PK", "bytes given from code"),
    ],
)
def test_a_source_is_described_without_its_content(source: Any, words: str) -> None:
    assert describes(source).replace(os.sep, "/") == words
