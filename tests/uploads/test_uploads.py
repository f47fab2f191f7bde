"""Uploads: by which way files go, what is refused before anything is sent, and what is told about it."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import createos_nb
from createos_nb import Client, InvalidInput, NotFound, ReadOnlyError, UnknownName
from createos_nb.uploads import select
from createos_nb.uploads.encoding import choose_method
from createos_nb.uploads.sources import tree_of
from tests.uploads.made import deployed, requests, write

FILES = {"index.html": "<h1>é</h1>", "css/a.css": "body {}"}
BYTES = {path: text.encode() for path, text in FILES.items()}


# --- the frame --------------------------------------------------------------------------------------------------------


def test_the_plan_is_a_frame_and_sends_nothing(client: Client, site: Path) -> None:
    write(site, {"index.html": "<h1>", "logo.png": b"\x89PNG\0", ".env": "A=1", ".git/HEAD": "", "empty/x": ""})
    (site / "empty" / "x").unlink()
    plan = client.deployments.upload_plan(site)
    assert dict(plan.dtypes.astype(str)) == {
        "path": "str",
        "bytes": "Int64",
        "included": "boolean",
        "content": "str",
        "reason": "str",
    }
    assert list(plan["path"]) == [".env", ".git/", "empty/", "index.html", "logo.png"]
    assert list(plan["included"]) == [False, False, False, True, True]
    assert plan["bytes"].fillna(-1).tolist() == [3, -1, -1, 4, 5]
    assert plan["content"].tolist()[3:] == ["text", "binary"]
    assert plan["reason"].isna().tolist() == [False, False, False, True, True]
    assert plan.attrs == {
        "operation": "UploadDeploymentBase64Files",
        "way": "base64",
        "files": 2,
        "bytes": 9,
        "problems": [],
    }
    assert len(client.log()) == 0


def test_the_plan_of_what_cannot_be_sent_says_why(client: Client) -> None:
    plan = client.deployments.upload_plan({"../a": "", "b": ""})
    assert plan.attrs["problems"] == ["../a: the path leaves the folder"]
    assert plan.attrs["operation"] is None
    assert plan.attrs["way"] is None


def test_names_that_differ_in_case_or_accents_are_pointed_out_and_sent() -> None:
    selection = select({"Readme.md": "", "README.md": "", "é": "", "e\u0301": "", "other": ""})
    assert len(selection.included) == 5
    assert not selection.problems
    noted = {row.path: row.why for row in selection.rows if row.why}
    assert noted.keys() == {"Readme.md", "é"}
    assert "'README.md'" in noted["Readme.md"]


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_hundred_files_go_as_json_and_one_more_as_a_zip(client: Client) -> None:
    many = {f"{n:03}.txt": str(n) for n in range(100)}
    assert client.deployments.upload("landing-pages", many)["way"] == "text"
    many["100.txt"] = "100"
    made = client.deployments.upload("landing-pages", many)
    assert made["way"] == "zip"
    assert deployed(client, made["id"]) == {path: text.encode() for path, text in many.items()}
    assert requests(client) == ["UploadDeploymentFiles", "UploadDeploymentZip"]


@pytest.mark.parametrize("method", ["text", "base64"])
def test_more_than_a_hundred_files_cannot_be_made_to_go_as_json(client: Client, method: str) -> None:
    many = {f"{n}.txt": "" for n in range(101)}
    with pytest.raises(InvalidInput, match="at most 100 files, not 101: a zip takes more"):
        client.deployments.upload("landing-pages", many, way=method)
    assert client.deployments.upload_plan(many, way=method).attrs["problems"]
    assert requests(client) == []


def test_long_files_go_as_a_zip() -> None:
    assert choose_method(select({"a": "x" * 10_000_001})) == "zip"


def test_too_many_bytes_are_refused_with_the_largest_files(client: Client) -> None:
    files = {"small": "x", "large": "x" * 70, "middle": "x" * 40}
    with pytest.raises(InvalidInput, match=r"111 bytes are more than 100; the largest files: large \(70\), middle"):
        client.deployments.upload("landing-pages", files, max_bytes=100)
    assert client.deployments.upload("landing-pages", files, max_bytes=111)["bytes"] == 111
    assert requests(client) == ["UploadDeploymentFiles"]


def test_a_huge_file_is_not_even_read(site: Path) -> None:
    with open(site / "huge", "wb") as file:
        file.truncate(1 << 40)
    write(site, {"a": ""})
    assert select(site).problems == [f"huge: it has {1 << 40:,} bytes, more than 50,000,000"]
    (site / "huge").rename(site / "huge.zip")
    with pytest.raises(InvalidInput, match=r"huge\.zip has more than 100 bytes"):
        select(site / "huge.zip", max_bytes=100)


def test_no_more_of_a_file_is_read_than_shows_that_it_has_grown_too_large(site: Path) -> None:
    write(site, {"a": "x"})
    (entry,) = tree_of(site, max_bytes=100).top.children()
    write(site, {"a": "x" * 200})
    assert len(entry.read(100)) == 101


def test_a_folder_without_end_is_not_walked_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.uploads.selection.MOST_FILES", 10)
    with pytest.raises(InvalidInput, match="more than 10 files"):
        select({f"{n}": "" for n in range(11)})
    monkeypatch.setattr("createos_nb.uploads.selection._MOST_NAMES", 5)
    with pytest.raises(InvalidInput, match="more than 5 names"):
        select({f"{n}.log": "" for n in range(6)}, exclude=["*.log"])


# --- ways -------------------------------------------------------------------------------------------------------------


def test_text_goes_as_text_and_one_binary_file_makes_it_base64(client: Client) -> None:
    assert client.deployments.upload("landing-pages", {"a": "é\r\n"})["way"] == "text"
    made = client.deployments.upload("landing-pages", {"a": "é\r\n", "b": b"\xff\xfe\0"})
    assert made["way"] == "base64"
    assert deployed(client, made["id"]) == {"a": "é\r\n".encode(), "b": b"\xff\xfe\0"}


@pytest.mark.parametrize("method", ["text", "base64", "zip"])
def test_the_method_can_be_chosen(client: Client, method: str) -> None:
    made = client.deployments.upload("landing-pages", FILES, way=method)
    assert made["way"] == method
    assert deployed(client, made["id"]) == BYTES


def test_a_binary_file_cannot_be_made_to_go_as_text(client: Client) -> None:
    with pytest.raises(InvalidInput, match=r"way='text' takes no binary files: b0, b1, b2 and 1 more"):
        client.deployments.upload("landing-pages", {f"b{n}": b"\xff" for n in range(4)}, way="text")
    with pytest.raises(InvalidInput, match="way= is one of auto, text, base64, zip, not 'tar'"):
        client.deployments.upload("landing-pages", FILES, way="tar")
    assert requests(client) == []


def test_whatever_files_hold_they_arrive_byte_by_byte() -> None:
    names = st.sampled_from(["a", "b/c", "b/d", "é", "x y", "...x"])
    with createos_nb.simulate(uploads=1000) as client:

        @given(files=st.dictionaries(names, st.binary(max_size=40), min_size=1))
        @settings(max_examples=60, deadline=None)
        def check(files: dict[str, bytes]) -> None:
            made = client.deployments.upload("landing-pages", files)
            assert deployed(client, made["id"]) == files

        check()


# --- the call ---------------------------------------------------------------------------------------------------------


def test_the_receipt_says_what_went_and_what_stayed(client: Client) -> None:
    made = client.deployments.upload("landing-pages", {"a": "xy", ".env": "A=1"})
    assert list(made.index) == ["id", "way", "files", "bytes", "left_out"]
    assert made[["way", "files", "bytes", "left_out"]].tolist() == ["text", 1, 2, 1]
    assert made.attrs["operation"] == "UploadDeploymentFiles"
    assert made.attrs["left_out"][".env"].startswith("secret: environment variables")


def test_what_is_sent_by_base64_is_base64_of_the_files(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": wire.uuid(5)}))
    client.deployments.upload(wire.uuid(1), {"a": b"\xff", "b": "é"})
    assert seen.lines == [f"PUT /v1/projects/{wire.uuid(1)}/deployments/files/base64"]
    assert seen.bodies == [
        {
            "files": [
                {"path": "a", "content": base64.b64encode(b"\xff").decode()},
                {"path": "b", "content": base64.b64encode("é".encode()).decode()},
            ]
        }
    ]


def test_a_client_that_only_reads_uploads_nothing_but_plans(site: Path) -> None:
    with createos_nb.simulate(read_only=True) as client:
        assert client.deployments.upload_plan({"a": ""}).attrs["files"] == 1
        with pytest.raises(ReadOnlyError):
            client.deployments.upload("landing-pages", {"a": ""})
        with pytest.raises(ReadOnlyError):  # and looks at no source
            client.deployments.upload("landing-pages", "no/such/place")
        assert requests(client) == []


def test_the_platforms_own_refusals_come_through(client: Client) -> None:
    with pytest.raises(UnknownName):
        client.deployments.upload("no-such-project", {"a": ""})
    with pytest.raises(NotFound):
        client.deployments.upload("00000000-0000-4000-8000-000000000000", {"a": ""})
    with pytest.raises(createos_nb.Invalid, match="only for upload projects"):
        client.deployments.upload("storefront", {"a": ""})


def test_an_upload_counts_as_a_write_where_a_resource_lists_its_calls(client: Client) -> None:
    lines = {line.split()[0]: line.split()[1] for line in repr(client.deployments).splitlines()[1:]}
    assert lines["upload"] == "write"
    assert lines["upload_plan"] == lines["download_to"] == "read"
    assert re.search(r"<code>upload</code></td><td[^>]*>write</td>", client.deployments._repr_html_())
