"""Where a file comes from: addresses, redirects, and the key that never goes along."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import (
    Client,
    Forbidden,
    InvalidResponse,
    Unreachable,
)
from tests.file_store import (
    ADDRESS,
    ARCHIVE,
    DEPLOYMENT,
    KEY,
    PROJECT,
    SIGNATURE,
    file_client,
    nothing_is_left,
)


@pytest.fixture
def client() -> Iterator[Client]:
    with createos_nb.simulate() as opened:
        yield opened


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "place" / "site"


# --- the key ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"access_token": "token-0123456789"}])
def test_the_key_goes_along_to_no_file(wire: Any, target: Path, settings: dict[str, str]) -> None:
    def files(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            return httpx.Response(302, headers={"location": "https://api.test/files/one.zip"})
        return httpx.Response(200, content=ARCHIVE)

    client, asked = file_client(wire, files, **settings)
    client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert [request.url.host for request in asked] == ["files.test", "api.test"]
    for request in asked:
        assert "x-api-key" not in request.headers
        assert "x-access-token" not in request.headers
        assert KEY not in str(request.headers.raw)


def test_the_address_shows_in_no_error_and_in_no_log(wire: Any, target: Path, caplog: pytest.LogCaptureFixture) -> None:
    def files(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, text=f"<Error><Code>AccessDenied</Code><Address>{request.url}</Address></Error>")

    client, _ = file_client(wire, files)
    with caplog.at_level(logging.INFO), pytest.raises(Forbidden) as caught:
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    told = "".join(traceback.format_exception(caught.value)) + repr(pickle.dumps(caught.value)) + caplog.text
    assert SIGNATURE not in told
    assert "AccessDenied" in str(caught.value)
    assert "it asks for a new one" in caught.value.hint
    assert caught.value.path == "//files.test/bucket…"
    assert SIGNATURE not in client.log().to_csv()


def test_a_connection_that_breaks_shows_no_address(wire: Any, target: Path) -> None:
    def files(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"can't reach {request.url}", request=request)

    client, _ = file_client(wire, files, retry=wire.no_retries)
    with pytest.raises(Unreachable) as caught:
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert SIGNATURE not in f"{chain.__dict__} {getattr(chain, 'request', '')}" or isinstance(
            chain, httpx.ConnectError
        )
        if isinstance(chain, httpx.HTTPError):
            assert SIGNATURE not in str(chain.request.url)
        chain = chain.__context__
    assert SIGNATURE not in str(caught.value)
    assert nothing_is_left(target)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://files.test/a", "http://files.test/a", "data:,x", ""],
)
def test_an_address_that_no_file_should_come_from_is_refused_unasked(wire: Any, target: Path, address: str) -> None:
    client, asked = file_client(wire, httpx.Response(200, content=ARCHIVE), address)
    with pytest.raises(InvalidResponse):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert asked == []
    assert nothing_is_left(target)


@pytest.mark.parametrize("address", [None, {}, []])
def test_an_answer_without_an_address_is_unreadable(wire: Any, target: Path, address: Any) -> None:
    client, asked = file_client(wire, httpx.Response(200, content=ARCHIVE), address)
    with pytest.raises(InvalidResponse):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert asked == []


def test_an_unencrypted_address_serves_where_the_api_is_unencrypted_too(wire: Any, target: Path) -> None:
    client, asked = file_client(wire, httpx.Response(200, content=ARCHIVE), "/signed/a.zip", base_url="http://api.test")
    client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert str(asked[0].url) == "http://api.test/signed/a.zip"


@pytest.mark.parametrize("to", ["http://other.test/a", "file:///etc/passwd"])
def test_a_redirect_to_where_no_file_should_come_from_is_not_followed(wire: Any, target: Path, to: str) -> None:
    client, asked = file_client(wire, httpx.Response(302, headers={"location": to}))
    with pytest.raises(InvalidResponse):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert len(asked) == 1


def test_redirects_end(wire: Any, target: Path) -> None:
    client, asked = file_client(wire, httpx.Response(307, headers={"location": ADDRESS}))
    with pytest.raises(InvalidResponse, match="redirects too often"):
        client.deployments.download_to(PROJECT, DEPLOYMENT, target)
    assert len(asked) == 6


def test_an_address_that_has_expired_is_forbidden(client: Client, target: Path) -> None:
    address = client.deployments.download("landing-pages", 2)["download_uri"]
    client.world.advance(901)
    operation = createos_nb.contract.find("DownloadDeployment")
    from createos_nb.http.download import save

    target.parent.mkdir()
    with pytest.raises(Forbidden, match="expired"):
        save(client.transport, operation, address, target, max_bytes=1000)
    assert nothing_is_left(target)
