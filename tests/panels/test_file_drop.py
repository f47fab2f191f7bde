"""Dropped files: received in chunks, in a temporary folder, and never outside of it."""

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

from createos_nb.panels.file_drop import FileDropZone, describe_source
from tests.panels.robot import Record

SECRET = b"A_TOKEN=never-in-a-widget-7c1f"


class Browser:
    """The browser's side of a drop: lists the names, and sends the requested files in chunks."""

    def __init__(self, drop_zone: FileDropZone, chunk: int = 7) -> None:
        self.drop_zone, self.chunk = drop_zone, chunk
        self.received: list[dict[str, Any]] = []
        drop_zone.send = lambda content, buffers=None: self.received.append(content)  # type: ignore[method-assign]

    def post(self, content: Any, buffers: list[bytes] | None = None) -> None:
        self.drop_zone._handle_custom_msg(content, [memoryview(buffer) for buffer in buffers or []])

    def begin(self, files: dict[str, bytes], skipped: list[str] | None = None, batch: str = "b") -> list[int]:
        names = [[path, len(data)] for path, data in files.items()]
        self.post({"kind": "begin", "batch": batch, "files": names, "skipped": skipped or []})
        last = self.received[-1]
        return list(last["files"]) if last["kind"] == "request" else []

    def send(self, files: dict[str, bytes], skipped: list[str] | None = None, batch: str = "b") -> None:
        contents = list(files.values())
        for number in self.begin(files, skipped, batch):
            data = contents[number]
            for at in range(0, len(data), self.chunk):
                data_chunk = data[at : at + self.chunk]
                self.post({"kind": "chunks", "batch": batch, "chunks": [[number, at]]}, [data_chunk])


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders are made where nothing is left over from elsewhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def drop_zone() -> Iterator[FileDropZone]:
    zone = FileDropZone()
    yield zone
    zone.close()


@pytest.fixture
def browser(drop_zone: FileDropZone) -> Browser:
    return Browser(drop_zone)


def received_files(drop_zone: FileDropZone) -> dict[str, bytes]:
    assert drop_zone.folder is not None
    return {
        path.relative_to(drop_zone.folder).as_posix(): path.read_bytes()
        for path in sorted(drop_zone.folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_comes_whole_in_parts(drop_zone: FileDropZone, browser: Browser) -> None:
    files = {
        "shop/index.html": b"<h1>hello",
        "shop/css/a.css": b"a{}" * 20,
        "shop/empty.txt": b"",
        "shop/é.bin": b"\0\xff",
    }
    browser.send(files)
    assert received_files(drop_zone) == files
    assert drop_zone.source == drop_zone.folder / "shop"  # type: ignore[operator]
    assert drop_zone.status == "4 files, 71 bytes"


def test_files_without_a_folder_are_a_folder_of_their_own(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.send({"index.html": b"1", "a.css": b"2"})
    assert drop_zone.source == drop_zone.folder


def test_one_archive_is_that_archive(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.send({"site.ZIP": b"PK"})
    assert drop_zone.source is not None
    assert drop_zone.source.name == "site.ZIP"


def test_nothing_is_here_before_all_has_come(drop_zone: FileDropZone, browser: Browser) -> None:
    folders: list[Path | None] = []
    drop_zone.on_change = lambda: folders.append(drop_zone.folder)
    browser.begin({"a": b"1234"})
    browser.post({"kind": "chunks", "batch": "b", "chunks": [[0, 0]]}, [b"12"])
    assert drop_zone.folder is None
    assert drop_zone.source is None
    browser.post({"kind": "chunks", "batch": "b", "chunks": [[0, 2]]}, [b"34"])
    assert received_files(drop_zone) == {"a": b"1234"}
    assert folders == [None, drop_zone.folder]


def test_many_small_files_go_in_one_message(drop_zone: FileDropZone, browser: Browser) -> None:
    assert browser.begin({"a": b"1", "b": b"23"}) == [0, 1]
    browser.post({"kind": "chunks", "batch": "b", "chunks": [[0, 0], [1, 0]]}, [b"1", b"23"])
    assert received_files(drop_zone) == {"a": b"1", "b": b"23"}
    assert browser.received[-1] == {"kind": "ack", "batch": "b"}


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
def test_a_name_that_leads_out_or_is_none_is_refused_and_said(
    drop_zone: FileDropZone, browser: Browser, name: str
) -> None:
    browser.send({name: b"evil", "index.html": b"good"})
    assert received_files(drop_zone) == {"index.html": b"good"}
    assert len(drop_zone.rejected) == 1
    assert "1 rejected" in drop_zone.status
    assert "\n" not in drop_zone.status
    outside = Path(drop_zone.folder).parent  # type: ignore[arg-type]
    assert not (outside / "out.txt").exists()


@pytest.mark.parametrize("skipped", ["../out", "/out", "..", "a/../../out"])
def test_a_folder_that_leads_out_is_refused_too(drop_zone: FileDropZone, browser: Browser, skipped: str) -> None:
    browser.send({"index.html": b"good"}, [skipped])
    assert received_files(drop_zone) == {"index.html": b"good"}
    assert not (Path(drop_zone.folder).parent / "out").exists()  # type: ignore[arg-type]
    assert len(drop_zone.rejected) == 1


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["n" * 300]])
def test_names_that_can_not_be_together_are_refused_and_the_rest_comes(
    drop_zone: FileDropZone, browser: Browser, names: list[str]
) -> None:
    listed = [[name, 1] for name in [*names, "index.html"]]
    browser.post({"kind": "begin", "batch": "b", "files": listed, "skipped": []})
    for number in browser.received[-1]["files"]:
        browser.post({"kind": "chunks", "batch": "b", "chunks": [[number, 0]]}, [b"1"])
    assert "index.html" in received_files(drop_zone)
    assert len(drop_zone.rejected) == 1


def test_secrets_and_packages_never_leave_the_browser(drop_zone: FileDropZone, browser: Browser) -> None:
    """A placeholder of the same name and size is there, so that the plan can say why the file is excluded."""
    files = {
        "shop/index.html": b"hi",
        "shop/.env": SECRET,
        "shop/id_rsa": b"key",
        "shop/node_modules/x.js": b"1",
        "shop/.aws/credentials": SECRET,
    }
    requested = browser.begin(files, ["shop/.git"])
    assert requested == [0]
    browser.post({"kind": "chunks", "batch": "b", "chunks": [[0, 0]]}, [b"hi"])
    assert received_files(drop_zone)["shop/.env"] == bytes(len(SECRET))
    assert (drop_zone.source / ".git").is_dir()  # type: ignore[operator]
    import createos_nb

    plan = createos_nb.simulate().deployments.upload_plan(drop_zone.source)  # type: ignore[arg-type]
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
    zone = FileDropZone()
    content = b"a-content-that-is-mine"
    zone._handle_custom_msg({"kind": "begin", "batch": "b", "files": [["a.txt", len(content)]], "skipped": []}, [])
    zone._handle_custom_msg({"kind": "chunks", "batch": "b", "chunks": [[0, 0]]}, [memoryview(content)])
    assert zone.folder is not None
    everything = json.dumps([data for _, data in record.sent])
    assert "a-content" not in everything
    zone.close()


def test_the_folder_is_for_this_user_alone_and_goes(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.send({"a": b"1"})
    folder = drop_zone.folder
    assert folder is not None
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    browser.send({"b": b"2"}, batch="c")
    assert not folder.exists()
    assert received_files(drop_zone) == {"b": b"2"}
    later = drop_zone.folder
    drop_zone.clear()
    assert drop_zone.source is None
    assert not later.exists()  # type: ignore[union-attr]


def test_closing_deletes_what_was_dropped() -> None:
    zone = FileDropZone()
    Browser(zone).send({"a": b"1"})
    folder = zone.folder
    zone.close()
    assert folder is not None
    assert not folder.exists()


def test_the_limits_are_said_and_kept() -> None:
    zone = FileDropZone(max_bytes=10, max_files=3)
    browser = Browser(zone)
    assert zone.limits == {"bytes": 10, "files": 3}
    browser.send({"a": b"x" * 11})
    assert zone.folder is None
    assert "11 bytes are more than the 10" in zone.status
    assert browser.received[-1]["kind"] == "cancel"
    browser.send({str(n): b"" for n in range(4)})
    assert "more than 3 names" in zone.status
    zone.limits = {"bytes": 1_000, "files": 1_000}  # as a page could
    browser.send({"a": b"x" * 11})
    assert zone.folder is None
    zone.close()


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {},
        {"kind": "begin", "batch": "b"},
        {"kind": "begin", "batch": "b", "files": [["a", -1]], "skipped": []},
        {"kind": "begin", "batch": "b", "files": [["a", 1.5]], "skipped": []},
        {"kind": "begin", "batch": "b", "files": [[None, 1]], "skipped": []},
        {"kind": "begin", "batch": "b", "files": 3, "skipped": []},
        {"kind": "begin", "batch": "b", "files": [], "skipped": []},
        {"kind": "chunks", "batch": "b", "chunks": [[0, 2]]},
        {"kind": "chunks", "batch": "b", "chunks": [[7, 0]]},
        {"kind": "chunks", "batch": "b", "chunks": [[0, 0], [0, 0]]},
        {"kind": "read_error", "batch": "b", "path": "a"},
    ],
)
def test_what_is_no_part_of_a_drop_ends_it_and_raises_nothing(
    drop_zone: FileDropZone, browser: Browser, message: Any
) -> None:
    browser.begin({"a": b"1234"})
    browser.post(message, [b"12"])
    assert drop_zone.folder is None
    assert drop_zone.status.startswith("rejected: ")
    assert browser.received[-1]["kind"] == "cancel"
    browser.send({"a": b"1234"}, batch="again")  # and the next drop comes
    assert received_files(drop_zone) == {"a": b"1234"}


def test_more_than_was_said_is_refused(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.begin({"a": b"12"})
    browser.post({"kind": "chunks", "batch": "b", "chunks": [[0, 0]]}, [b"123"])
    assert drop_zone.folder is None
    assert drop_zone.status.startswith("rejected")


def test_parts_of_a_drop_that_was_replaced_count_for_nothing(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.begin({"a": b"12"}, batch="old")
    browser.begin({"a": b"34"}, batch="new")
    browser.post({"kind": "chunks", "batch": "old", "chunks": [[0, 0]]}, [b"12"])
    browser.post({"kind": "chunks", "batch": "new", "chunks": [[0, 0]]}, [b"34"])
    assert received_files(drop_zone) == {"a": b"34"}


def test_while_it_is_off_nothing_is_taken_and_what_is_here_stays(drop_zone: FileDropZone, browser: Browser) -> None:
    browser.send({"a": b"1"})
    drop_zone.disabled = True
    browser.send({"b": b"2"}, batch="c")
    assert received_files(drop_zone) == {"a": b"1"}
    assert browser.received[-1] == {"kind": "cancel", "batch": "c"}


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
    assert describe_source(source).replace(os.sep, "/") == words
