"""Uploads and downloads: up to a hundred files at once, or a zip; nothing that leads out of the upload."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile, ZipInfo

import pytest

from createos_nb.simulator import open_world


def zipped(files: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(ZipInfo(path), content)
    return made.getvalue()


def form(content: bytes, name: str = "file") -> dict[str, Any]:
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"; filename="a.zip"\r\n'
    head += "Content-Type: application/zip\r\n\r\n"
    return {
        "content": head.encode() + content + b"\r\n--frontier--\r\n",
        "headers": {"content-type": 'multipart/form-data; boundary="frontier"'},
    }


def fetched(api: Any, project: str, deployment: str) -> dict[str, bytes]:
    """The files of a deployment, through its signed address and without a key."""
    address = urlsplit(api("DownloadDeployment", project, deployment)["downloadUri"])
    reply = api.world.handle("GET", address.path, address.query, {}, b"")
    assert reply.status == 200
    with ZipFile(BytesIO(reply.body)) as archive:
        return {path: archive.read(path) for path in archive.namelist()}


def test_what_was_uploaded_in_each_of_the_three_ways_comes_back(empty: Any) -> None:
    project = empty.upload()
    files = {"index.html": "<h1>Grüße</h1>".encode(), "css/a.css": b"b{}", "raw.bin": bytes(range(256))}
    texts = [{"path": path, "content": files[path].decode()} for path in ("index.html", "css/a.css")]
    coded = [{"path": path, "content": b64encode(content).decode()} for path, content in files.items()]
    one = empty("UploadDeploymentFiles", project, body={"files": texts})["id"]
    two = empty("UploadDeploymentBase64Files", project, body={"files": coded})["id"]
    three = empty("UploadDeploymentZip", project, **form(zipped(files)))["id"]
    assert fetched(empty, project, one) == {path: files[path] for path in ("css/a.css", "index.html")}
    assert fetched(empty, project, two) == fetched(empty, project, three) == files
    empty.world.advance("10min")
    assert empty.status(project, three) == "deployed"


def test_a_hundred_files_are_taken_and_one_more_is_not(empty: Any) -> None:
    project = empty.upload()
    files = [{"path": f"{n}.txt", "content": "x"} for n in range(101)]
    assert empty.refused("UploadDeploymentFiles", project, body={"files": files})[0] == 400
    assert empty.refused("UploadDeploymentBase64Files", project, body={"files": files})[0] == 400
    empty("UploadDeploymentFiles", project, body={"files": files[:100]})
    empty("UploadDeploymentZip", project, **form(zipped({f"{n}.txt": b"x" for n in range(150)})))


BAD_PATHS = ["", "/etc/passwd", "../up", "a/../../b", "a//b", "./a", "a/.", "C:\\a", "..\\up", "a\x00b", "x" * 1025]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_no_path_leads_out_of_the_upload(empty: Any, path: str) -> None:
    project = empty.upload()
    files = [{"path": path, "content": "eA=="}]
    for name in ("UploadDeploymentFiles", "UploadDeploymentBase64Files"):
        assert empty.refused(name, project, body={"files": files})[0] == 400


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../b"])
def test_no_entry_of_an_archive_leads_out_of_the_upload(empty: Any, path: str) -> None:
    assert empty.refused("UploadDeploymentZip", empty.upload(), **form(zipped({path: b"x"})))[0] == 400


def test_a_symbolic_link_in_an_archive_is_refused(empty: Any) -> None:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        link = ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert empty.refused("UploadDeploymentZip", empty.upload(), **form(made.getvalue()))[0] == 400


def test_what_is_no_archive_or_no_form_is_400(empty: Any) -> None:
    project = empty.upload()
    name = "UploadDeploymentZip"
    good = zipped({"a": b"x" * 1000})
    assert empty.refused(name, project, **form(b"not a zip"))[0] == 400
    assert empty.refused(name, project, **form(good[:-40]))[0] == 400
    assert empty.refused(name, project, **form(good, name="archive"))[0] == 400
    assert empty.refused(name, project, content=good)[0] == 400
    assert empty.refused(name, project)[0] == 400
    assert empty.refused(name, project, **form(zipped({})))[0] == 400
    broken = form(good)
    broken["headers"] = {"content-type": "multipart/form-data"}
    assert empty.refused(name, project, **broken)[0] == 400


def test_an_archive_that_grows_too_large_is_refused_before_it_is_unpacked(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, upload_bytes=5000))
    made = BytesIO()
    with ZipFile(made, "w", compression=8) as archive:
        archive.writestr("zeros", b"\x00" * 1_000_000)
    project = api.upload()
    assert api.refused("UploadDeploymentZip", project, **form(made.getvalue()))[0] == 400
    assert api.refused("UploadDeploymentZip", project, **form(b"x" * 6000))[0] == 413
    files = [{"path": "a", "content": "x" * 6000}]
    assert api.refused("UploadDeploymentFiles", project, body={"files": files})[0] == 400


def test_the_same_path_twice_and_bad_base64_are_400(empty: Any) -> None:
    project = empty.upload()
    twice = [{"path": "a", "content": "x"}, {"path": "a", "content": "y"}]
    assert empty.refused("UploadDeploymentFiles", project, body={"files": twice})[0] == 400
    bad = [{"path": "a", "content": "not base64!"}]
    assert empty.refused("UploadDeploymentBase64Files", project, body={"files": bad})[0] == 400
    assert empty.refused("UploadDeploymentFiles", project, body={"files": []})[0] == 400


def test_only_upload_projects_take_and_give_files(shop: Any) -> None:
    files = {"files": [{"path": "a", "content": "eA=="}]}
    for name in ("storefront", "edge-gateway"):
        project = shop.project(name)
        assert shop.refused("UploadDeploymentFiles", project, body=files)[0] == 422
        assert shop.refused("UploadDeploymentBase64Files", project, body=files)[0] == 422
        assert shop.refused("UploadDeploymentZip", project, **form(zipped({"a": b"x"})))[0] == 422
        assert shop.refused("DownloadDeployment", project, shop.version(project, 1))[0] == 422


def test_uploads_are_a_daily_quota(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, uploads=1))
    project = api.upload()
    body = {"files": [{"path": "a", "content": "x"}]}
    api("UploadDeploymentFiles", project, body=body)
    assert api.refused("UploadDeploymentFiles", project, body=body)[0] == 429
    api.world.advance("1d")
    api("UploadDeploymentFiles", project, body=body)


def test_a_signed_address_is_good_for_a_while_and_for_itself_only(shop: Any) -> None:
    project = shop.project("landing-pages")
    address = urlsplit(shop("DownloadDeployment", project, shop.version(project, 3))["downloadUri"])
    ask = shop.world.handle
    assert ask("GET", address.path, address.query, {}, b"").status == 200
    head = ask("HEAD", address.path, address.query, {}, b"")
    assert (head.status, head.body) == (200, b"")
    assert ask("POST", address.path, address.query, {}, b"").status == 405
    assert ask("GET", address.path, "", {}, b"").status == 403
    assert ask("GET", address.path[:-1] + "0", address.query, {}, b"").status == 403
    assert ask("GET", address.path, address.query[:-1] + "x", {}, b"").status == 403
    assert ask("GET", "/signed/nothing", "expires=1&signature=2", {}, b"").status == 403
    shop.world.advance("20min")
    assert ask("GET", address.path, address.query, {}, b"").status == 403
