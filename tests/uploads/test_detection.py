"""Settings are found in the files of a source, each with its reason; what is wrong or ambiguous is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from createos_nb.errors import InvalidInput
from createos_nb.uploads.detection import Detection, Supported, detect
from createos_nb.uploads.runtimes import allows, newest

NODE = ("node:18", "node:20", "node:22")
PYTHON = ("python:3.11", "python:3.12")
RUNTIMES = (*NODE, *PYTHON, "golang:1.22", "golang:1.25", "rust:1.75", "static")
SUPPORTED = [
    Supported("nextjs", True, NODE, {"port": 3000, "installCommand": "npm ci", "runCommand": "npm start"}),
    Supported("express", True, NODE, {"port": 3000, "runCommand": "node server.js"}),
    Supported("fastapi", True, PYTHON, {"port": 8000, "runCommand": "python -m uvicorn main:app --port 8000"}),
    Supported("flask", True, PYTHON, {"port": 5000}),
    Supported("gin", True, ("golang:1.22", "golang:1.25"), {"port": 8080, "runCommand": "./app"}),
    *(Supported(name, False, (name,), {"port": 8080}) for name in RUNTIMES),
]


def found(files: dict[str, str | None], given: dict[str, Any] | None = None, *, static: bool = True) -> Detection:
    contents = {path: None if text is None else text.encode() for path, text in files.items()}
    return detect(contents, SUPPORTED, given, static=static)


def package(**fields: Any) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        (
            {"package.json": package(dependencies={"next": "15"}), "package-lock.json": "{}"},
            {"framework": "nextjs", "runtime": "node:22", "port": 3000, "installCommand": "npm ci"},
        ),
        (
            {"package.json": package(dependencies={"express": "4"}, main="web.js"), "web.js": "app.listen(4100)"},
            {"framework": "express", "runCommand": "node web.js", "port": 4100},
        ),
        (
            {"package.json": package(scripts={"start": "PORT=3100 node a.js"}, engines={"node": "^18"})},
            {"runtime": "node:18", "runCommand": "npm start", "port": 3100},
        ),
        (
            {"requirements.txt": "FastAPI==0.1\nuvicorn", "web.py": "from fastapi import FastAPI\napi = FastAPI()\n"},
            {
                "framework": "fastapi",
                "runtime": "python:3.12",
                "runCommand": "python -m uvicorn web:api --host 0.0.0.0 --port 8000",
                "port": 8000,
            },
        ),
        (
            {"requirements.txt": "flask\ngunicorn", "app.py": "import flask\napp = flask.Flask(__name__)\n"},
            {"framework": "flask", "runCommand": "gunicorn -b 0.0.0.0:5000 app:app", "port": 5000},
        ),
        (
            {"pyproject.toml": '[project]\nname = "a"\nrequires-python = "<3.12"\n', "main.py": ""},
            {"runtime": "python:3.11", "installCommand": "pip install .", "runCommand": "python main.py", "port": 8080},
        ),
        ({"Dockerfile": "FROM x\nEXPOSE 9000/tcp\n", "package.json": "{}"}, {"hasDockerfile": True, "port": 9000}),
        ({"go.mod": "module x\ngo 1.23\nrequire github.com/gin-gonic/gin v1.9.1\n"}, {"framework": "gin"}),
        ({"go.mod": "module x\ngo 1.23\n"}, {"runtime": "golang:1.25", "runCommand": "./app", "port": 8080}),
        ({"Cargo.toml": '[package]\nname = "shop"\n'}, {"runtime": "rust:1.75", "runCommand": "./target/release/shop"}),
        ({"index.html": "<p>"}, {"runtime": "static", "port": 80}),
        (
            {
                "README.md": "",
                "apps/web/package.json": package(scripts={"start": "x"}),
                "apps/web/lib/package.json": "",
            },
            {"directoryPath": "apps/web", "runCommand": "npm start"},
        ),
    ],
)
def test_settings_are_found_in_the_files(files: dict[str, str | None], settings: dict[str, Any]) -> None:
    detection = found(files)
    assert {name: detection.settings.get(name) for name in settings} == settings
    assert detection.reasons.keys() == detection.settings.keys()
    assert all(detection.reasons.values())


@pytest.mark.parametrize(
    ("files", "given", "says"),
    [
        ({}, {}, "no files"),
        ({"README.md": ""}, {}, "how it is built.*runtime"),
        ({"package.json": "{"}, {}, "package.json is no JSON"),
        ({"package.json": "[]"}, {}, "package.json holds no object"),
        ({"package.json": "{}"}, {}, "no start script.*run_command"),
        ({"pyproject.toml": "a ="}, {}, "pyproject.toml is no TOML"),
        ({"package.json": "{}", "requirements.txt": ""}, {}, "both package.json and requirements.txt"),
        ({"a/package.json": "{}", "b/go.mod": ""}, {}, "several apps in the source: a, b.*directory_path"),
        ({"a/package.json": "{}"}, {"directoryPath": "b"}, "'b' is no folder of the source: it has a"),
        ({"Dockerfile": "EXPOSE 80 81"}, {}, "exposes 80, 81.*port"),
        ({"Dockerfile": "FROM x"}, {}, "no port is found.*port"),
        ({"requirements.txt": "", "main.py": "", "app.py": ""}, {}, "several files that may start it: main.py, app.py"),
        ({"requirements.txt": ""}, {}, "no file that starts it"),
        (
            {"requirements.txt": "fastapi", "a.py": "a = FastAPI()\nb = FastAPI()\n"},
            {},
            "several FastAPI apps: a of a.py, b of a.py",
        ),
        ({"package.json": package(engines={"node": ">=30"})}, {}, "engines asks for node >=30, and the platform has"),
        ({"package.json": "{}"}, {"framework": "rails"}, "'rails' is not supported: nextjs"),
        ({"package.json": "{}"}, {"runtime": "node:7"}, "'node:7' does not serve: .*node:18"),
        ({"package.json": "{}"}, {"runtime": "python:3.12", "framework": "nextjs"}, "'python:3.12' does not serve"),
    ],
)
def test_what_is_wrong_or_ambiguous_is_an_error_that_says_what_to_give(
    files: dict[str, str | None], given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInput, match=f"(?s){says}"):
        found(files, given)


def test_what_is_given_is_taken_and_the_rest_found_around_it() -> None:
    files = {"requirements.txt": "flask", "app.py": "app = Flask(__name__)\n"}
    detection = found(files, {"port": 7000, "runtime": "python:3.11"})
    assert detection.settings["runCommand"] == "python -m flask --app app:app run --host 0.0.0.0 --port 7000"
    assert (detection.reasons["port"], detection.reasons["runtime"]) == ("given", "given")
    assert found({"package.json": "{}"}, {"runCommand": "node a.js --port 7001"}).settings["port"] == 7001


def test_where_only_names_are_known_build_ai_decides_unless_a_framework_is_named() -> None:
    detection = found({"package.json": None, "index.js": None}, static=False)
    assert detection.settings == {"runtime": "node:22", "useBuildAI": True, "port": 8080}
    assert "can't be read" in detection.reasons["useBuildAI"]
    named = found({"package.json": None, "next.config.mjs": None}, static=False)
    assert named.settings["framework"] == "nextjs"
    assert "useBuildAI" not in named.settings
    with pytest.raises(InvalidInput, match="launched from files"):
        found({"index.html": None}, static=False)


@pytest.mark.parametrize(
    ("wanted", "version", "allowed"),
    [
        ("", (20,), True),
        (">=18 <21", (20,), True),
        (">=18 <21", (22,), False),
        ("18.x || 20.x", (20,), True),
        ("18.x || 20.x", (22,), False),
        ("~20.9", (20,), True),
        (">=3.11,<3.12", (3, 12), False),
        ("~=3.11", (3, 12), True),
        ("~=3.11.4", (3, 12), False),
        ("==3.12.*", (3, 12), True),
        ("<3.12.4", (3, 12), True),
        ("<3.12.0", (3, 12), False),
        ("!=3.11.2", (3, 11), True),
        (">18", (18,), False),
        (">18.2", (18,), True),
    ],
)
def test_a_range_allows_a_version(wanted: str, version: tuple[int, ...], allowed: bool) -> None:
    assert allows(wanted, version) is allowed


def test_the_newest_is_by_number_and_not_by_letters() -> None:
    assert newest(["golang:1.9", "golang:1.25"]) == "golang:1.25"
