"""Zips: those that are given for an upload, and those that are made for one."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from createos_nb import Client, InvalidInput
from createos_nb.uploads import pack, select
from tests.uploads.made import deployed, why, write, zip_of

POSIX = os.name == "posix"


FILES = {"index.html": "<h1>é</h1>", "css/a.css": "body {}"}
BYTES = {path: text.encode() for path, text in FILES.items()}


# --- zips -------------------------------------------------------------------------------------------------------------


def test_a_zip_that_loses_nothing_goes_as_it_is() -> None:
    content = zip_of(FILES)
    assert pack(select(content), "zip").content is not None
    assert pack(select(content), "zip").content == content


def test_a_zip_with_secrets_goes_without_them(client: Client) -> None:
    made = client.deployments.upload("landing-pages", zip_of({**FILES, ".env": "A=1", ".git/HEAD": "", "id_rsa": ""}))
    assert made["method"] == "zip"
    assert deployed(client, made["id"]) == BYTES
    assert made["left_out"] == 3
    assert made.attrs["left_out"].keys() == {".env", ".git/", "id_rsa"}


def test_a_zip_made_with_backslashes_goes_with_slashes(client: Client) -> None:
    content = zip_of({"css-a.css": "body {}"}).replace(b"css-a.css", b"css\\a.css")
    assert deployed(client, client.deployments.upload("landing-pages", content)["id"]) == {"css/a.css": b"body {}"}


def test_what_a_zip_must_not_hold_is_a_problem_or_stays() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = zip_of({"a": "", "../b": "", "/c": ""}, (link, b"/etc/passwd"))
    selection = select(content)
    assert [row.path for row in selection.included] == ["a"]
    assert sorted(selection.problems) == [
        "../b: the path leaves the folder",
        "/c: the path is absolute, or begins like a drive",
    ]
    assert why(content)["link"].startswith("symbolic link")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_zip_with_a_name_twice_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    with pytest.raises(InvalidInput, match="'a' is in the zip twice"):
        select(made.getvalue())


def test_a_damaged_zip_is_a_problem() -> None:
    content = bytearray(zip_of({"a": "x" * 100, "b": ""}))
    content[40:50] = b"y" * 10
    assert "the zip is damaged" in select(bytes(content)).problems[0]


def test_an_encrypted_zip_is_a_problem() -> None:
    content = bytearray(zip_of({"a": "x"}))
    for at in (6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    assert "a: it is encrypted" in select(bytes(content)).problems


def test_a_zip_bomb_is_measured_by_what_it_unpacks_to() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(4):
            archive.writestr(f"{n}", bytes(40_000))
    assert len(made.getvalue()) < 5_000
    assert any(
        "160,000 bytes are more than 100,000" in one for one in select(made.getvalue(), max_bytes=100_000).problems
    )
    assert "more than 5,000" in select(made.getvalue(), max_bytes=5_000).problems[0]


def test_the_zip_of_the_same_files_is_the_same_and_keeps_what_may_be_run(site: Path) -> None:
    write(site, {"b": "", "a": "", "start.sh": "#!/bin/sh\n"})
    if POSIX:
        (site / "start.sh").chmod(0o755)
    first = pack(select(site), "zip").content
    os.utime(site / "a", (0, 0))
    assert pack(select(site), "zip").content == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
    assert list(modes) == ["a", "b", "start.sh"]
    assert modes["a"] == 0o644
    assert modes["start.sh"] == (0o755 if POSIX else 0o644)
