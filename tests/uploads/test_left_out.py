"""What stays out of an upload: what `.gitignore` says, as git reads it, and what is a secret, whatever anybody says."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from createos_nb import InvalidInput
from createos_nb.uploads import select
from tests.uploads.made import refuse, sent, why, write

PRIVATE = "-----BEGIN {}PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 4 + "-----END {}PRIVATE KEY-----\n"


# --- what .gitignore says ---------------------------------------------------------------------------------------------


def test_the_last_line_that_names_a_file_decides() -> None:
    files = {".gitignore": "*.log\n!keep.log\n", "a.log": "", "keep.log": "", "deep/b.log": "", "deep/keep.log": ""}
    assert sent(files) == {".gitignore", "keep.log", "deep/keep.log"}
    assert why(files) == {"a.log": "ignored by .gitignore:1: *.log", "deep/b.log": "ignored by .gitignore:1: *.log"}


def test_the_innermost_gitignore_has_the_say() -> None:
    files = {".gitignore": "*.txt\n", "a.txt": "", "in/.gitignore": "!*.txt\nno.txt\n", "in/a.txt": "", "in/no.txt": ""}
    assert sent(files) == {".gitignore", "in/.gitignore", "in/a.txt"}
    assert why(files)["in/no.txt"] == "ignored by in/.gitignore:2: no.txt"


def test_nothing_comes_back_out_of_a_folder_that_is_left_out() -> None:
    files = {".gitignore": "build/\n!build/keep\n", "build/keep": "", "src/build/x": "", "src/a": ""}
    assert sent(files) == {".gitignore", "src/a"}
    assert set(why(files)) == {"build/", "src/build/"}


def test_a_folder_whose_contents_are_ignored_can_be_opened_again() -> None:
    files = {".gitignore": "/*\n!/public/\n!.gitignore\n", "public/a/b.html": "", "src/x": "", "top": ""}
    assert sent(files) == {".gitignore", "public/a/b.html"}


def test_a_slash_anchors_a_line_to_its_own_folder() -> None:
    files = {"in/.gitignore": "/a\nb/c\n", "in/a": "", "in/deep/a": "", "in/b/c": "", "in/x/b/c": "", "a": ""}
    assert sent(files) == {"in/.gitignore", "in/deep/a", "in/x/b/c", "a"}


def test_a_line_for_folders_leaves_files_of_that_name_alone() -> None:
    assert sent({".gitignore": "out/\n", "out": "", "in/out/x": ""}) == {".gitignore", "out"}


@pytest.mark.parametrize(
    "line",
    ["#a", "", "   ", "a\\", "!", "/", "[", "b"],
    ids=["comment", "empty", "blank", "cut", "bang", "/", "[", "b"],
)
def test_lines_that_say_nothing_leave_out_nothing(line: str) -> None:
    assert "a" in sent({".gitignore": line + "\n", "a": ""})


@pytest.mark.parametrize("line", ["a ", "a\r", "\ufeffa", "\\a", "**/a", "[[:lower:]]", "[!b]", "?", "/a"])
def test_lines_are_read_as_git_reads_them(line: str) -> None:
    assert sent({".gitignore": line + "\n", "a": "", "B1": ""}) == {".gitignore", "B1"}


def test_a_name_that_ends_in_a_space_is_meant_where_it_is_escaped() -> None:
    assert sent({".gitignore": "a\\ \n", "a ": "", "a": ""}) == {".gitignore", "a"}


def test_a_space_before_the_slash_of_a_folder_is_part_of_its_name() -> None:
    assert sent({".gitignore": "a /\n", "a /x": "", "a/x": ""}) == {".gitignore", "a/x"}


def test_the_gitignore_files_above_a_folder_of_a_repository_count(tmp_path: Path) -> None:
    write(tmp_path, {".git/HEAD": "", ".gitignore": "*.log\ndist/\n", "apps/.gitignore": "web/*.tmp\n"})
    web = write(tmp_path / "apps" / "web", {"a.log": "", "a.tmp": "", "a.html": "", "dist/x": ""})
    assert sent(web) == {"a.html"}
    assert why(web)["a.log"] == "ignored by ../../.gitignore:1: *.log"
    assert why(web)["a.tmp"] == "ignored by ../.gitignore:1: web/*.tmp"
    # a folder that is named is meant, whatever is said about its name
    assert sent(web / "dist") == {"x"}


def test_without_a_repository_nothing_above_counts(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*\n"})
    assert sent(write(tmp_path / "site", {"a": ""})) == {"a"}


def test_gitignore_false_counts_no_gitignore_but_still_sends_no_secret() -> None:
    files = {".gitignore": "a\n", "a": "", ".env": "A=1"}
    assert sent(files, gitignore=False) == {".gitignore", "a"}


def test_a_gitignore_that_cannot_be_read_stops_the_upload(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, {".gitignore": "secret.txt", "secret.txt": ""})
    refuse(monkeypatch, site / ".gitignore")
    with pytest.raises(InvalidInput, match=r"\.gitignore says what must not be sent, and it can't be read: Permission"):
        select(site)


def _random_tree(folder: Path, rng: random.Random, depth: int = 0) -> None:
    lines = [
        "a",
        "b",
        "c",
        "ab",
        "*",
        "**",
        "*.c",
        "a*",
        "?",
        "[ab]",
        "[!a]",
        "[^b]*",
        ".h",
        "a.c",
        "\\a",
        "[a",
        "[a-b]*",
    ]

    def line() -> str:
        text = "/".join(rng.choice(lines) for _ in range(rng.choice([1, 1, 1, 2, 2, 3])))
        text = ("!" if rng.random() < 0.35 else "") + ("/" if rng.random() < 0.2 else "") + text
        return text + ("/" if rng.random() < 0.3 else "") + ("  " if rng.random() < 0.05 else "")

    for name in rng.sample(["a", "b", "c", "ab", "a.c", "b.c", ".h"], rng.randint(2, 4)):
        if depth < 3 and rng.random() < 0.5:
            (folder / name).mkdir()
            _random_tree(folder / name, rng, depth + 1)
        else:
            (folder / name).write_text("")
    if depth == 0 or rng.random() < 0.25:
        (folder / ".gitignore").write_text("\n".join(line() for _ in range(rng.randint(1, 4))))


@pytest.mark.skipif(shutil.which("git") is None, reason="git is what it is compared with")
def test_what_is_ignored_is_what_git_ignores(tmp_path: Path) -> None:
    """Trees and lines at random: the files that are sent are those that git would add."""
    kept = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        _random_tree(folder, random.Random(seed))
        git = ["git", "-c", "core.excludesFile=", "-c", "safe.directory=*", "-C", str(folder)]
        subprocess.run([*git, "init", "-q"], check=True, capture_output=True)
        listed = subprocess.run(
            [*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
        ).stdout
        expected = set(filter(None, listed.split("\0")))
        assert sent(folder) == expected, f"seed {seed}"
        kept += len(expected)
    assert kept > 100


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.production",
        ".ENV.local",
        "prod.env",
        ".envrc",
        "id_rsa",
        "id_ed25519",
        "server.key",
        "a.P12",
        "x.pfx",
        "x.jks",
        ".netrc",
        ".htpasswd",
        ".pypirc",
        ".git-credentials",
        "x.kdbx",
        "terraform.tfstate",
    ],
)
def test_a_secret_stays_by_its_name(name: str) -> None:
    files = {name: "x", f"deep/er/{name}": "x", "index.html": ""}
    assert sent(files) == {"index.html"}
    assert all(text.startswith("secret: ") for text in why(files).values())
    assert len(why(files)) == 2


@pytest.mark.parametrize("folder", [".git", ".hg", ".svn", ".ssh", ".aws", ".createos", "node_modules", ".venv"])
def test_a_folder_that_is_nobodys_business_stays_as_a_whole(folder: str) -> None:
    files = {f"{folder}/a/b": "x", f"deep/{folder}/c": "x", "index.html": ""}
    assert sent(files) == {"index.html"}
    assert set(why(files)) == {f"{folder}/", f"deep/{folder}/"}


@pytest.mark.parametrize(
    "name", [".env.example", ".env.sample", ".env.template", "id_rsa.pub", "environment.js", "key.js"]
)
def test_what_only_looks_like_a_secret_goes(name: str) -> None:
    assert sent({name: "A="}) == {name}


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("name", ["server.pem", "notes.txt", "deploy"])
def test_a_private_key_stays_whatever_its_file_is_called(kind: str, name: str) -> None:
    files = {name: "# mine\r\n" + PRIVATE.format(kind, kind), "index.html": ""}
    assert why(files) == {name: "secret: it holds a private key"}


def test_a_private_key_with_headers_or_inside_json_stays() -> None:
    body = PRIVATE.format("RSA ", "RSA ")
    old = body.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n", 1)
    service = '{"private_key": "' + PRIVATE.format("", "").replace("\n", "\\n") + '"}'
    windows = body.replace("\n", "\r\n")
    assert sent({"old": old, "service.json": service, "windows.txt": windows, "a": ""}) == {"a"}


def test_a_certificate_and_code_that_speaks_of_keys_go() -> None:
    certificate = PRIVATE.format("", "").replace("PRIVATE KEY", "CERTIFICATE")
    code = (
        'if (text.startsWith("-----BEGIN PRIVATE KEY-----")) { return text.replace("-----END PRIVATE KEY-----", "") }'
    )
    assert sent({"ca.pem": certificate, "jose.js": code}) == {"ca.pem", "jose.js"}


def test_an_npmrc_goes_unless_the_token_itself_is_in_it() -> None:
    assert sent({".npmrc": "//registry.example.com/:_authToken=${TOKEN}\n"}) == {".npmrc"}
    assert why({".npmrc": "//registry.example.com/:_authToken=npm_0123456789\n", "a": ""}).keys() == {".npmrc"}


def test_a_negation_in_gitignore_lets_no_secret_out() -> None:
    assert sent({".gitignore": "!.env\n!id_rsa\n", ".env": "A=1", "id_rsa": "x"}) == {".gitignore"}


def test_include_sends_what_it_names_whatever_the_rules_say() -> None:
    files = {".gitignore": "out/\n", ".env": "A=1", "out/a": "", "out/b": "", "node_modules/x/y": "", "a": ""}
    assert sent(files, include=[".env"]) == {".gitignore", ".env", "a"}
    assert sent(files, include=["/out/a"]) == {".gitignore", "out/a", "a"}
    assert sent(files, include="node_modules/x/") == {".gitignore", "node_modules/x/y", "a"}


def test_include_reaches_into_no_folder_that_it_does_not_lead_to() -> None:
    assert sent({"node_modules/x/.env": "", ".git/.env": "", "in/.env": ""}, include=[".env"]) == {"in/.env"}


def test_exclude_leaves_out_whatever_gitignore_says() -> None:
    files = {".gitignore": "!a.map\n", "a.map": "", "in/b.map": "", "a.js": ""}
    assert sent(files, exclude=["*.map"]) == {".gitignore", "a.js"}
    assert why(files, exclude=["*.map"]) == {"a.map": "exclude=", "in/b.map": "exclude="}


@pytest.mark.parametrize("name", ["include", "exclude"])
def test_a_pattern_that_cannot_be_read_is_an_error(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}= takes patterns as .gitignore writes them"):
        select({"a": ""}, **{name: ["a\\"]})
