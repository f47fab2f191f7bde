"""Downloads: streamed to the disk, whole or absent, inside their folder, without the key, with errors that say why."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

import createos_nb
from createos_nb import (
    Client,
    Forbidden,
    InvalidInput,
    InvalidResponse,
    NotFound,
    RequestError,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    UnknownName,
    Unreachable,
)
from tests.file_store import (
    ARCHIVE,
    DEPLOYMENT,
    FILES,
    PROJECT,
    file_client,
    files_in,
    nothing_is_left,
)


@pytest.fixture
def client() -> Iterator[Client]:
    with createos_nb.simulate() as opened:
        yield opened


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "place" / "site"


# --- what comes -------------------------------------------------------------------------------------------------------


def test_what_was_uploaded_comes_back_byte_by_byte(client: Client, target: Path) -> None:
    made = client.deployments.upload("landing-pages", FILES)
    frame = client.deployments.download_to("landing-pages", made["id"], target)
    assert files_in(target) == FILES
    assert frame["path"].tolist() == ["css/a.css", "empty", "index.html"]
    assert frame["bytes"].tolist() == [7, 0, 4]
    assert dict(frame.dtypes.astype(str)) == {"path": "str", "bytes": "Int64"}
    assert frame.attrs["operation"] == "DownloadDeployment"
    assert frame.attrs["folder"] == str(target)
    assert nothing_is_left(target.with_name("other"))


def test_a_deployment_is_named_by_its_version_too(client: Client, target: Path) -> None:
    client.deployments.download_to("landing-pages", 2, target)
    assert set(files_in(target)) == {"index.html", "style.css"}


def test_a_bought_template_comes_as_a_folder(client: Client, target: Path) -> None:
    purchase = client.templates.purchases()["id"].iloc[0]
    frame = client.templates.download_to(purchase, target)
    assert set(frame["path"]) == set(files_in(target)) == {"README.md", "createos.json"}
    assert frame.attrs["operation"] == "DownloadProjectTemplate"


def test_the_report_of_a_scan_comes_as_a_file(client: Client, tmp_path: Path) -> None:
    found = scanned(client)
    path = client.security.download_to(*found, tmp_path / "reports" / "scan.json")
    assert path == tmp_path / "reports" / "scan.json"
    report = json.loads(path.read_text())
    assert report["vulnerabilities"] == client.security.scan(*found)["parsed_report"]["vulnerabilities"]
    with pytest.raises(InvalidInput, match="exists already"):
        client.security.download_to(*found, path)
    path.write_text("old")
    client.security.download_to(*found, path, replace=True)
    assert json.loads(path.read_text()) == report
    with pytest.raises(InvalidInput, match="is a folder"):
        client.security.download_to(*found, tmp_path, replace=True)


def scanned(client: Client) -> tuple[str, str]:
    """A project and a deployment whose scan has succeeded."""
    for project in client.world.state.projects.values():
        for deployment in client.world.deployments(project).values():
            if deployment.scan is not None and deployment.scan.status == "success":
                return project.id, deployment.id
    raise LookupError("no scan has succeeded in this world")


def test_the_log_of_the_client_has_the_file_but_not_its_address(wire: Any, target: Path) -> None:
    client, _ = file_client(wire, httpx.Response(200, content=ARCHIVE))
    client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    last = client.log().iloc[-1]
    assert last["operation"] == "DownloadDeployment"
    assert last["path"] == "//files.test/bucket…"
    assert last["status"] == 200
    assert last["bytes"] == len(ARCHIVE)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_what_may_be_run_may_be_run_and_nothing_gets_more_rights_than_that(wire: Any, target: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, mode in (("start.sh", 0o4777), ("plain", 0o666)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(info, "")
    old = os.umask(0o027)
    try:
        client, _ = file_client(wire, httpx.Response(200, content=made.getvalue()))
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    finally:
        os.umask(old)
    assert stat.S_IMODE((target / "start.sh").stat().st_mode) == 0o750
    assert stat.S_IMODE((target / "plain").stat().st_mode) == 0o640
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


# --- whole or absent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>"), Forbidden),
        (httpx.Response(404, text="gone"), NotFound),
        (httpx.Response(410, text="gone"), NotFound),
        (httpx.Response(500, text="oh"), ServerError),
        (httpx.Response(200, content=b"<html>Sign in to this network</html>"), InvalidResponse),
        (httpx.Response(200, content=b""), InvalidResponse),
        (httpx.Response(200, content=ARCHIVE[:-30]), InvalidResponse),
        (httpx.Response(200, content=ARCHIVE, headers={"content-length": str(len(ARCHIVE) + 9)}), InvalidResponse),
        (httpx.Response(302), InvalidResponse),
    ],
    ids=["forbidden", "not found", "gone", "fault", "page", "empty", "half a zip", "cut off", "redirect to nowhere"],
)
def test_a_download_that_fails_leaves_nothing_behind(
    wire: Any, target: Path, answer: httpx.Response, error: type[RequestError]
) -> None:
    client, _ = file_client(wire, answer)
    with pytest.raises(error) as caught:
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert caught.value.operation == "DownloadDeployment"
    assert nothing_is_left(target)
    assert not target.parent.exists()


class Breaking(httpx.SyncByteStream):
    """A body that breaks in its middle."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield ARCHIVE[:50]
        raise self._error


@pytest.mark.parametrize(
    ("broken", "error"),
    [(httpx.ReadError("reset"), Unreachable), (httpx.ReadTimeout("slow"), RequestTimeout), (KeyboardInterrupt(), None)],
)
def test_a_stream_that_breaks_leaves_nothing_behind(
    wire: Any, target: Path, broken: BaseException, error: type[RequestError] | None
) -> None:
    client, asked = file_client(wire, lambda request: httpx.Response(200, stream=Breaking(broken)))  # type: ignore[arg-type]
    with pytest.raises(error or KeyboardInterrupt):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert nothing_is_left(target)
    assert len(asked) == (client.transport.retry.attempts if error else 1)


def test_a_stream_that_breaks_once_is_read_again_from_its_beginning(wire: Any, target: Path) -> None:
    clock = wire.Clock()
    broken = iter([Breaking(httpx.ReadError("reset")), httpx.ByteStream(b"no"), httpx.ByteStream(ARCHIVE)])
    states = iter([200, 503, 200])
    client, asked = file_client(wire, lambda request: httpx.Response(next(states), stream=next(broken)), clock=clock)
    client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert files_in(target) == FILES
    assert len(asked) == 3
    assert len(clock.slept) == 2
    assert client.log()["attempt"].tolist()[1:] == [1, 2, 3]


def test_what_no_repetition_mends_is_not_asked_for_again(wire: Any, target: Path) -> None:
    for answer in (httpx.Response(403), httpx.Response(404), httpx.Response(200, content=ARCHIVE)):
        client, asked = file_client(wire, answer)
        with pytest.raises((RequestError, InvalidInput)):
            client.deployments.download_to(PROJECT, DEPLOYMENT, target, max_bytes=len(ARCHIVE) - 1)
        assert len(asked) == 1
        assert nothing_is_left(target)


def test_a_body_that_is_compressed_on_the_way_is_counted_as_it_came(wire: Any, target: Path) -> None:
    import gzip

    packed = gzip.compress(ARCHIVE)
    headers = {"content-encoding": "gzip", "content-length": str(len(packed))}
    client, _ = file_client(wire, lambda request: httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed)))
    client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert files_in(target) == FILES


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_long_is_not_read_to_its_end(wire: Any, target: Path, announced: bool) -> None:
    given: list[int] = []

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for n in range(10_000):
                given.append(n)
                yield b"x" * 1000

    headers = {"content-length": "10000000"} if announced else {}
    client, _ = file_client(wire, lambda request: httpx.Response(200, headers=headers, stream=Endless()))
    with pytest.raises(InvalidInput, match=r"more than 5,000 bytes; max_bytes= allows more"):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target, max_bytes=5000)
    assert len(given) <= (0 if announced else 6)
    assert nothing_is_left(target)


# --- the place --------------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_a_place_and_a_full_one_is_none(client: Client, target: Path) -> None:
    target.mkdir(parents=True)
    client.deployments.download_to("landing-pages", 2, target)
    before = files_in(target)
    asked = len(client.log())
    with pytest.raises(InvalidInput, match="exists and is not empty; replace=True"):
        client.deployments.download_to("landing-pages", 1, target)
    assert files_in(target) == before
    assert len(client.log()) == asked


def test_replace_puts_the_new_folder_in_the_place_of_the_old(client: Client, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "old").write_text("")
    client.deployments.download_to("landing-pages", 2, target, replace=True)
    assert set(files_in(target)) == {"index.html", "style.css"}
    assert [one.name for one in target.parent.iterdir()] == [target.name]


def test_replace_keeps_the_old_folder_where_the_new_one_fails(wire: Any, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "old").write_text("kept")
    client, _ = file_client(wire, httpx.Response(200, content=ARCHIVE[:-9]))
    with pytest.raises(InvalidResponse):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target, replace=True)
    assert files_in(target) == {"old": b"kept"}
    assert [one.name for one in target.parent.iterdir()] == [target.name]


def test_the_old_folder_is_back_where_the_new_one_cannot_be_moved(
    client: Client, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.mkdir(parents=True)
    (target / "old").write_text("kept")
    real = Path.rename

    def rename(self: Path, to: Any) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, to)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(InvalidInput, match="can't be written: No space left on device"):
        client.deployments.download_to("landing-pages", 2, target, replace=True)
    assert files_in(target) == {"old": b"kept"}


def test_what_comes_to_the_place_meanwhile_is_not_lost(wire: Any, target: Path) -> None:
    def files(request: httpx.Request) -> httpx.Response:
        target.mkdir(parents=True)
        (target / "mine").write_text("kept")
        return httpx.Response(200, content=ARCHIVE)

    client, _ = file_client(wire, files)
    with pytest.raises(InvalidInput, match="not empty"):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert files_in(target) == {"mine": b"kept"}


@pytest.mark.parametrize("kind", ["file", "link", "current", "above", "home", "empty text"])
def test_a_place_that_is_no_folder_of_its_own_is_refused_unasked(
    kind: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "real").mkdir()
    if os.name == "posix":
        (tmp_path / "link").symlink_to(tmp_path / "real")
    elif kind == "link":
        pytest.skip("links of POSIX")
    monkeypatch.chdir(tmp_path / "real")
    monkeypatch.setenv("HOME", str(tmp_path / "real"))
    place = {"current": ".", "above": "..", "home": "~", "empty text": ""}.get(kind, str(tmp_path / kind))
    with pytest.raises(InvalidInput):
        client.deployments.download_to("landing-pages", 2, place, replace=True)
    assert (tmp_path / "file").read_text() == "kept"
    assert list((tmp_path / "real").iterdir()) == []
    assert len(client.log()) == 0


def test_names_that_are_unknown_leave_no_folder(client: Client, target: Path) -> None:
    with pytest.raises(UnknownName):
        client.deployments.download_to("landing-pages", 99, target)
    with pytest.raises(createos_nb.Invalid, match="only for upload projects"):
        client.deployments.download_to("storefront", 17, target)
    assert nothing_is_left(target)


def test_a_client_that_only_reads_downloads(target: Path) -> None:
    with createos_nb.simulate(read_only=True) as client:
        client.deployments.download_to("landing-pages", 2, target)
    assert target.is_dir()


def test_a_download_is_a_round_trip_into_another_upload(client: Client, target: Path) -> None:
    client.deployments.download_to("landing-pages", 3, target)
    made = client.deployments.upload("landing-pages", target)
    again = target.with_name("again")
    frame = client.deployments.download_to("landing-pages", made["id"], again)
    assert files_in(again) == files_in(target)
    assert isinstance(frame, pd.DataFrame)
    assert RetryPolicy().attempts == 5
