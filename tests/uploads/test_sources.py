"""Where the files of an upload come from, and what a source may hold besides files."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb import Client, InvalidInput
from createos_nb.simulator.platform.deployments import _safe as inside
from createos_nb.uploads import select
from createos_nb.uploads.paths import fault
from createos_nb.uploads.sources import InvalidResponse, tree_of
from tests.uploads.made import deployed, refuse, requests, sent, why, write, zip_of

POSIX = os.name == "posix"


# --- where files come from --------------------------------------------------------------------------------------------

FILES = {"index.html": "<h1>é</h1>", "css/a.css": "body {}"}
BYTES = {path: text.encode() for path, text in FILES.items()}


@pytest.mark.parametrize(
    "kind", ["folder", "text path", "mapping", "list", "generator", "zip", "zip path", "open file"]
)
def test_every_kind_of_source_deploys_the_same_files(
    kind: str, client: Client, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, FILES)
    archive = site.parent / "site.zip"
    archive.write_bytes(zip_of(FILES))
    monkeypatch.chdir(site)
    sources: dict[str, Any] = {
        "folder": site,
        "text path": str(site),
        "mapping": FILES,
        "list": ["index.html", Path("css/a.css")],
        "generator": Path().rglob("*"),
        "zip": archive.read_bytes(),
        "zip path": archive,
        "open file": io.BytesIO(archive.read_bytes()),
    }
    made = client.deployments.upload("landing-pages", sources[kind])
    assert deployed(client, made["id"]) == BYTES
    assert client.deployments.get("landing-pages", made["id"])["status"] == "queue"
    assert requests(client) == [
        "UploadDeploymentZip" if kind in ("zip", "zip path", "open file") else "UploadDeploymentFiles"
    ]


def test_a_single_file_goes_under_its_name(site: Path) -> None:
    write(site, {"in/index.html": ""})
    assert sent(site / "in" / "index.html") == {"index.html"}


def test_a_list_may_name_folders_and_files_in_any_order(site: Path) -> None:
    write(site, {"src/a": "", "src/b": "", "c": "", "d": ""})
    for names in (["src", "src/a", "c"], ["src/a", "src", "c"], ["c", "c", "src"]):
        assert sent(names, root=site) == {"src/a", "src/b", "c"}


def test_absolute_paths_of_a_list_are_taken_from_their_root(site: Path) -> None:
    write(site, FILES)
    assert sent([site / "css" / "a.css"], root=site) == {"css/a.css"}
    with pytest.raises(InvalidInput, match="root= names the folder"):
        select([site / "css" / "a.css"], root=site / "other")


def test_a_list_takes_nothing_from_outside(site: Path, tmp_path: Path) -> None:
    write(tmp_path, {"other": ""})
    for path in ("../other", "x/../../other"):
        with pytest.raises(InvalidInput, match="is not in"):
            select([path], root=site)


def test_home_is_understood(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, FILES)
    monkeypatch.setenv("HOME", str(site.parent))
    assert sent("~/site") == set(FILES)
    with pytest.raises(InvalidInput, match="not a folder of one project"):
        select("~")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no/such/place", "there is no file or folder"),
        (b"no zip", "is no zip archive"),
        (7, "not int"),
        (None, "not NoneType"),
        ([7], "holds paths, not int"),
        (["no-such-file"], "there is no file 'no-such-file'"),
        (["."], "is the folder itself"),
        ({"a": 7}, "content of 'a' must be bytes or text, not int"),
        ({7: ""}, "a path of the mapping must be text"),
        (io.StringIO("x"), "must be opened for bytes"),
        ({"a": "", "a/b": ""}, "which is a file"),
        ({"a/b": "", "a": ""}, "is a file and a folder"),
        ("/", "not a folder of one project"),
    ],
)
def test_what_is_no_source_is_an_error_that_says_so(source: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        select(source)


@pytest.mark.parametrize("source", [{}, [], {".env": "A=1"}, zip_of({})], ids=["mapping", "list", "secret", "zip"])
def test_an_upload_of_nothing_is_refused(client: Client, source: Any) -> None:
    with pytest.raises(InvalidInput, match=r"holds no file|nothing of 1 files is left to send"):
        client.deployments.upload("landing-pages", source)
    assert requests(client) == []


def test_an_empty_folder_is_refused_and_one_of_secrets_says_what_it_held(client: Client, site: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no file"):
        client.deployments.upload("landing-pages", site)
    write(site, {".env": "", "a.log": "", ".gitignore": "*\n"})
    with pytest.raises(InvalidInput, match=r"\.env: secret; \.gitignore: ignored by \.gitignore\); include= sends"):
        client.deployments.upload("landing-pages", site)


# --- what a disk holds besides files ----------------------------------------------------------------------------------


@pytest.mark.skipif(not POSIX, reason="links and pipes of POSIX")
def test_links_pipes_and_sockets_stay_and_are_listed(site: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside.txt": "secret", "outside/in.txt": ""})
    write(site, {"a.txt": ""})
    (site / "inside").symlink_to("a.txt")
    (site / "out").symlink_to(tmp_path / "outside.txt")
    (site / "folder").symlink_to(tmp_path / "outside")
    (site / "loop").symlink_to(site)
    (site / "broken").symlink_to("nowhere")
    os.mkfifo(site / "pipe")
    place = os.getcwd()
    os.chdir(site)
    try:
        bound = socket.socket(socket.AF_UNIX)
        bound.bind("plug")
    finally:
        os.chdir(place)
    bound.close()
    assert sent(site) == {"a.txt"}
    reasons = why(site)
    links = {"inside", "out", "folder", "loop", "broken"}
    assert {path for path, text in reasons.items() if text.startswith("symbolic link")} == links
    assert {path for path, text in reasons.items() if text == "no regular file"} == {"pipe", "plug"}
    assert not select(site).problems


@pytest.mark.skipif(not POSIX, reason="links of POSIX")
def test_a_folder_that_is_reached_by_a_link_is_the_folder_behind_it(site: Path, tmp_path: Path) -> None:
    write(site, FILES)
    (tmp_path / "current").symlink_to(site)
    assert sent(tmp_path / "current") == set(FILES)


@pytest.mark.skipif(not POSIX, reason="links of POSIX")
def test_a_list_reaches_nothing_behind_a_link_that_leaves_the_folder(site: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside/hidden": "x"})
    (site / "way").symlink_to(tmp_path / "outside")
    selection = select(["way/hidden"], root=site)
    assert not selection.included
    assert selection.problems[0] == "way/hidden: it lies behind a symbolic link that leaves the folder"


@pytest.mark.skipif(not POSIX, reason="links of POSIX")
def test_a_file_that_becomes_a_link_after_it_was_seen_is_not_followed(site: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside": "secret"})
    write(site, {"a": ""})
    (entry,) = tree_of(site, max_bytes=100).top.children()
    (site / "a").unlink()
    (site / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidResponse):
        entry.read(100)


def test_files_that_cannot_be_read_are_all_named_and_nothing_is_sent(
    client: Client, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, {"a": "", "b": "", "c": ""})
    refuse(monkeypatch, site / "a", site / "c")
    with pytest.raises(InvalidInput) as caught:
        client.deployments.upload("landing-pages", site)
    assert "a: it can't be read: Permission denied" in str(caught.value)
    assert "c: it can't be read: Permission denied" in str(caught.value)
    assert "nothing was sent" in str(caught.value)
    assert requests(client) == []
    made = client.deployments.upload("landing-pages", site, exclude=["a", "/c"])
    assert deployed(client, made["id"]) == {"b": b""}


def test_a_folder_that_cannot_be_read_is_a_problem(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, {"in/a": "", "b": ""})
    real = os.scandir

    def guarded(path: Any) -> Any:
        if Path(path) == site / "in":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert select(site).problems == ["in/: it can't be read: Permission denied"]


@pytest.mark.skipif(not POSIX, reason="names of bytes")
def test_a_name_that_is_no_utf8_is_a_problem_with_a_name_that_can_be_shown(client: Client, site: Path) -> None:
    write(site, {"a": ""})
    try:
        Path(os.fsdecode(os.fsencode(site) + b"/caf\xe9.txt")).write_text("")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    plan = client.deployments.upload_plan(site)
    assert plan.attrs["problems"] == ["caf\\udce9.txt: the name is not valid UTF-8"]
    assert "caf\\udce9.txt" in plan["path"].tolist()
    assert sent(site, exclude=["caf*"]) == {"a"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "empty"),
        ("/etc/hosts", "absolute"),
        ("C:/x", "drive"),
        ("a:b", "drive"),
        ("../x", "leaves"),
        ("a/../../x", "leaves"),
        ("./x", "empty part"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\\b", "backslash"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("a\x1bb", "control"),
        ("\ud800", "UTF-8"),
        ("/".join(["x" * 99] * 11), "longer than 1024"),
        ("x" * 256, "longer than 255 bytes"),
        ("a/\u202egpj.exe", "can't be seen"),
        ("a\u200b.js", "can't be seen"),
    ],
)
def test_a_path_that_the_platform_would_not_take_is_a_problem(path: str, said: str) -> None:
    assert said in fault(path)
    selection = select({path: "x", "ok": ""})
    assert [row.path for row in selection.included] == ["ok"]
    assert len(selection.problems) == 1
    assert said in selection.problems[0]


@given(path=st.text(st.sampled_from("ab/.\\:\0\n é~ "), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_path_without_fault_is_one_that_the_simulator_keeps_as_it_is(path: str) -> None:
    if not fault(path):
        assert inside(path) == path
