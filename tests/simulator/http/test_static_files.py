"""Static sites: files of an upload, served as they are; no path leads out of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from createos_nb.simulator import open_world
from createos_nb.simulator.http.static_files import Site, is_static
from createos_nb.simulator.platform.signed_urls import zip_archive
from tests.simulator.http.addresses import SITE, endpoint, get, live_site


@pytest.fixture(scope="module")
def site(make_api: Any) -> tuple[Any, str]:
    """A world with a static site, and its address."""
    api = make_api(open_world("storefront"))
    return api, live_site(api)


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/about/", "about/index.html", "text/html; charset=utf-8"),
        ("/style.css", "style.css", "text/css; charset=utf-8"),
        ("/app.js", "app.js", "text/javascript; charset=utf-8"),
        ("/pixel.png", "pixel.png", "image/png"),
        ("/a%20b.txt", "a b.txt", "text/plain; charset=utf-8"),
        ("/style.css?v=2", "style.css", "text/css; charset=utf-8"),
        ("/.well-known/security.txt", ".well-known/security.txt", "text/plain; charset=utf-8"),
        ("/data.unknown", "data.unknown", "application/octet-stream"),
        ("/server.php", "server.php", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_it_was_uploaded(site: tuple[Any, str], path: str, name: str, kind: str) -> None:
    answer = get(site[0], site[1] + path)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, SITE[name], kind)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_folder_gets_its_slash(site: tuple[Any, str]) -> None:
    answer = get(site[0], site[1] + "/about")
    assert (answer.status_code, answer.headers["location"]) == (301, "/about/")


@pytest.mark.parametrize(
    "path",
    [
        "/missing.html",
        "/about/missing",
        "/.env",
        "/%2eenv",
        "/..%2findex.html",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/about/..%2f..%2fstyle.css",
        "/..%5c..%5cindex.html",
        "/%252e%252e/index.html",
        "//style.css",
        "/style.css/",
        "/index.html%00.txt",
        "/%ff%fe",
        "/INDEX.HTML",
    ],
)
def test_what_was_not_uploaded_is_404_whatever_the_path_says(site: tuple[Any, str], path: str) -> None:
    assert get(site[0], site[1] + path).status_code == 404


def test_a_static_site_is_only_read(site: tuple[Any, str]) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = get(site[0], site[1] + "/index.html", method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_file_that_is_known_is_not_sent_again(site: tuple[Any, str]) -> None:
    tag = get(site[0], site[1] + "/style.css").headers["etag"]
    answer = get(site[0], site[1] + "/style.css", if_none_match=tag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert get(site[0], site[1] + "/style.css", if_none_match='"other"').status_code == 200


def test_a_page_of_its_own_tells_what_is_not_there(shop: Any) -> None:
    base = live_site(shop, {"index.html": "home", "404.html": "lost"})
    answer = get(shop, base + "/nowhere")
    assert (answer.status_code, answer.text) == (404, "lost")


def test_a_single_page_app_answers_every_path_that_is_no_file() -> None:
    settings = {"runtime": "node:20", "framework": "reactjs-spa", "buildDir": "dist"}
    built = zip_archive({"dist/index.html": b"app", "dist/main.js": b"1", "src/main.jsx": b"<App/>"})
    site = Site.of(built, settings)
    assert site is not None
    assert site.find("GET", "/orders/7", {})[::2] == (200, b"app")
    assert site.find("GET", "/main.js", {})[::2] == (200, b"1")
    assert site.find("GET", "/missing.js", {}).status == 404
    assert site.find("GET", "/src/main.jsx", {}).status == 404


def test_what_is_run_is_not_served_as_files() -> None:
    """The source of a server, and what lies beside it, is nobody's business."""
    names = ["index.html", "server.js", "package.json"]
    assert is_static({"runtime": "static"}, ["index.html"])
    assert is_static({"useBuildAI": True}, ["index.html", "style.css"])
    assert not is_static({"runtime": "node:20"}, names)
    assert not is_static({"useBuildAI": True}, names)
    assert not is_static({"runtime": "python:3.12", "framework": "fastapi"}, names)
    assert not is_static({"hasDockerfile": True}, [*names, "Dockerfile"])


def test_a_version_that_fails_fails_for_files_too(shop: Any) -> None:
    base = endpoint(shop, "landing-pages", "production")
    assert get(shop, base).status_code == 200
    shop.world.set_behavior("landing-pages", 3, errors=[{"status": 503, "share": 1.0}])
    answer = get(shop, base)
    assert (answer.status_code, answer.headers["x-createos-version"]) == (503, "3")


def test_after_a_reset_the_files_are_those_that_are_uploaded_then(shop: Any) -> None:
    """The same deployment's id comes again with other files."""
    with httpx.Client(transport=shop.world.transport()) as client:
        base = live_site(shop, {"index.html": "first"})
        assert client.get(base).text == "first"
        shop.world.reset()
        assert live_site(shop, {"index.html": "second"}) == base
        assert client.get(base).text == "second"
