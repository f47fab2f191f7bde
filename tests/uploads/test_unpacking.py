"""Archives that mean no good: nothing of them is written outside of the folder, and nothing is half written."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from createos_nb.uploads import unpack
from createos_nb.uploads.unpacking import UnsafeArchive

MOST = 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "outer" / "folder"
    made.mkdir(parents=True)
    return made


def archive_of(tmp_path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo("x")
            if not isinstance(name, zipfile.ZipInfo):
                info.filename = name  # as it is: the constructor would mend it
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    path = tmp_path / "archive.zip"
    path.write_bytes(made.getvalue())
    return path


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    info.create_system = 3
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "a/../evil",
        "./../evil",
        "a/..",
        "..",
        ".",
        "/evil",
        "//evil",
        "a/./evil",
        "a//evil",
        "..\\evil",
        "C:\\evil",
        "C:/evil",
        "c:evil",
        "\x00evil",
        "a\nevil",
        "x" * 1100,
    ],
)
def test_a_path_that_leads_out_refuses_the_archive(name: str, folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("good", b"x"), (name, b"evil"))
    with pytest.raises(UnsafeArchive):
        unpack(archive, folder, max_bytes=MOST)
    assert list(folder.rglob("*")) == []
    assert [one.name for one in folder.parent.iterdir()] == ["folder"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_refuse_the_archive(kind: int, folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("good", b"x"), (special("bad", kind), b"/etc/passwd"))
    with pytest.raises(
        UnsafeArchive, match=r"'bad' of the archive can't be unpacked: (a symbolic link|no regular file)"
    ):
        unpack(archive, folder, max_bytes=MOST)
    assert list(folder.rglob("*")) == []


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("a", "A"),
        ("é", "e\u0301"),
        ("d/a", "D/A"),
        ("a", "a/b"),
        ("A/b", "a"),
        ("a/", "a"),
        ("straße", "STRASSE"),
    ],
)
def test_names_that_meet_on_some_disk_refuse_the_archive(names: tuple[str, str], folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, *((name, b"") for name in names))
    with pytest.raises(UnsafeArchive, match=r"twice|a file and a folder"):
        unpack(archive, folder, max_bytes=MOST)
    assert list(folder.rglob("*")) == []


def test_folders_may_come_as_often_as_they_like(folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a/", b""), ("a/b/", b""), ("./a/x", b"1"), ("a/b/y", b"2"), ("empty/", b""))
    assert unpack(archive, folder, max_bytes=MOST) == {"a/b/y": 1, "a/x": 1}
    assert (folder / "empty").is_dir()
    assert (folder / "a" / "b" / "y").read_bytes() == b"2"


def test_an_archive_is_bounded_by_what_it_announces(folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a", bytes(600_000)), ("b", bytes(600_000)))
    assert archive.stat().st_size < 5_000
    with pytest.raises(UnsafeArchive, match="unpacks to 1,200,000 bytes, more than 1,000,000"):
        unpack(archive, folder, max_bytes=MOST)
    assert list(folder.rglob("*")) == []
    assert unpack(archive, folder, max_bytes=1_200_000) == {"a": 600_000, "b": 600_000}


def test_an_archive_that_announces_less_than_it_holds_is_damaged(folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a", bytes(600_000)))
    content = archive.read_bytes()
    archive.write_bytes(content.replace((600_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(UnsafeArchive):
        unpack(archive, folder, max_bytes=MOST)
    assert sum(one.stat().st_size for one in folder.rglob("*")) <= 10


def test_what_is_written_is_counted_whatever_is_announced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(tmp_path, ("a", b"x" * 500), ("b", b"x" * 400))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda self, info: io.BytesIO(b"x" * 700))
    with pytest.raises(UnsafeArchive, match="more than 1,000 bytes"):
        unpack(archive, folder, max_bytes=1_000)


def test_too_many_entries_refuse_the_archive(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.uploads.unpacking.MOST_ENTRIES", 3)
    archive = archive_of(tmp_path, *((f"{n}/", b"") for n in range(4)))
    with pytest.raises(UnsafeArchive, match="4 entries, more than 3"):
        unpack(archive, folder, max_bytes=MOST)


def test_an_encrypted_entry_refuses_the_archive(folder: Path, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, ("a", b"x"))
    content = bytearray(archive.read_bytes())
    for at in (6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    archive.write_bytes(content)
    with pytest.raises(UnsafeArchive, match="it is encrypted"):
        unpack(archive, folder, max_bytes=MOST)


@pytest.mark.parametrize("name", ["con", "NUL.txt", "a/com1", "a.", "a /b", "a?b", "a:b", "lpt9.log.old"])
def test_names_that_windows_takes_for_something_else_are_known(name: str) -> None:
    from createos_nb.uploads.paths import fault_on_windows

    assert "Windows" in fault_on_windows(name)
    assert fault_on_windows("console/nul1/com.txt") == ""


@pytest.mark.parametrize(("moved", "to"), [(1, 0), (1, 40), (2, "end")])
def test_entries_that_share_bytes_are_refused(moved: int, to: int | str, tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(name, name * 50)
        archive.infolist()[moved].header_offset = archive.start_dir if isinstance(to, str) else to
    path = tmp_path / "archive.zip"
    path.write_bytes(made.getvalue())
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UnsafeArchive, match=r"'[abc]' of the archive overlaps with what follows it"):
        unpack(path, folder, max_bytes=MOST)
    assert not list(folder.iterdir())


@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_to_an_archive_makes_it_write_outside_or_raise_anything_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes of a good archive changed at random: it unpacks inside its folder, or is unsafe."""
    tmp_path = tmp_path_factory.mktemp("damage")
    archive = archive_of(tmp_path, ("aa/bb", b"x" * 50), ("cc", b"y" * 50), ("dd/", b""))
    content = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.sampled_from(b"./\\\0A\xff\x01a"))
    archive.write_bytes(content)
    folder = tmp_path / "outer" / "folder"
    folder.mkdir(parents=True)
    try:
        written = unpack(archive, folder, max_bytes=MOST)
    except UnsafeArchive:
        pass
    else:
        assert {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()} == set(written)
    assert {one.name for one in tmp_path.iterdir()} == {"archive.zip", "outer"}
    assert [one.name for one in folder.parent.iterdir()] == ["folder"]
    assert not any(one.is_symlink() for one in folder.rglob("*"))
    assert os.path.isdir(folder)
