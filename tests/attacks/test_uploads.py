"""Names and contents of secrets and of innocent files, and hostile names in zips."""

from __future__ import annotations

import io
import os
import random
import zipfile
from pathlib import Path

from createos_nb.uploads import select
from createos_nb.uploads.unpacking import UnsafeArchive, unpack
from tests.attacks.tally import tally, times

SECRET = [
    ".env",
    ".env.local",
    ".env.production",
    "prod.env",
    ".env-prod",
    ".env_staging",
    ".flaskenv",
    ".envrc",
    ".dev.vars",
    "credentials.json",
    "credentials",
    "credentials.csv",
    "credentials.yml",
    "terraform.tfvars",
    "prod.auto.tfvars",
    "x.tfvars.json",
    "terraform.tfstate",
    "terraform.tfstate.1",
    "kubeconfig",
    "kubeconfig.yaml",
    "prod.kubeconfig",
    "secrets.yaml",
    "secrets.prod.yaml",
    "secret.json",
    "secrets.toml",
    "app.secrets.yml",
    "db-secret.yaml",
    ".secrets",
    ".bash_history",
    ".zsh_history",
    ".psql_history",
    ".python_history",
    ".node_repl_history",
    ".lesshst",
    ".viminfo",
    "office.ovpn",
    "wg0.conf",
    "vpn.pcf",
    "dump.sql",
    "dump-2026.sql",
    "prod_dump.sql",
    "backup.sql",
    "db.sql.gz",
    "x.dump",
    "dump.rdb",
    "heap.hprof",
    "cookies.sqlite",
    "cookies.txt",
    "key4.db",
    "logins.json",
    "session.har",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".htpasswd",
    ".my.cnf",
    ".git-credentials",
    ".pypirc",
    ".dockercfg",
    ".dockerconfigjson",
    ".vault-token",
    ".vault_pass.txt",
    ".terraformrc",
    ".s3cfg",
    ".boto",
    "rclone.conf",
    "client_secret_1.json",
    "service-account.json",
    "serviceAccountKey.json",
    "x-firebase-adminsdk-1.json",
    "bob_accessKeys.csv",
    "rootkey.csv",
    "id_rsa",
    "id_ed25519",
    "server.key",
    "a.ppk",
    "b.p8",
    "c.p12",
    "d.pfx",
    "e.jks",
    "f.keystore",
    "g.kdbx",
    "passwords.csv",
    ".ftpconfig",
    "sftp-config.json",
    ".env.bak",
    ".env~",
    ".env.swp",
    "..env.swp",
    "kubeconfig.old",
    "credentials.json.bak",
    ".netrc~",
]
INNOCENT = [
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
    "example.env",
    "credentials.example.json",
    "secrets.example.yaml",
    "terraform.tfvars.example",
    "secrets.sample.toml",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "tsconfig.json",
    "ca.crt",
    "server.crt",
    "chain.cer",
    "id_rsa.pub",
    "key.js",
    "keys.ts",
    "secrets.py",
    "secrets.ts",
    "secret.go",
    "credentials.ts",
    "passwords.ts",
    "environment.js",
    "env.py",
    "001_init.sql",
    "schema.sql",
    "seed.sql",
    "history.md",
    "history.js",
    "cookies.ts",
    "cookies.js",
    "cookie-banner.css",
    "tokens.css",
    "tokens.json",
    "core.js",
    "core.py",
    "dump.py",
    "backup.sh",
    "backup.ts",
    "vpn.md",
    "README.md",
    "Dockerfile",
    "docker-compose.yml",
    "nginx.conf",
    "app.conf",
    "main.tf",
    "variables.tf",
    "versions.tf",
    "index.html",
    "style.css",
    "logo.png",
    ".gitignore",
    ".dockerignore",
    ".eslintrc",
    ".prettierrc",
    ".nvmrc",
    ".python-version",
    "requirements.txt",
    "pyproject.toml",
    "Cargo.toml",
    "go.mod",
    "go.sum",
    "Makefile",
    "Procfile",
    "credentials.yml.enc",
    "kubernetes.yaml",
    "deployment.yaml",
    "service.yaml",
    "config.yaml",
    "settings.py",
    ".npmrc",
    ".yarnrc.yml",
    "wp-config.php",
    "auth.json",
    "database.yml",
    "web.config",
    "robots.txt",
    "sitemap.xml",
    "favicon.ico",
]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"


def _tokens(rng: random.Random) -> list[str]:
    def some(count: int, letters: str = LETTERS) -> str:
        return "".join(rng.choices(letters, k=count))

    low, high, digits = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789"
    return [
        "AKIA" + some(16, high),
        "AIza" + some(35),
        "ghp_" + some(36),
        "github_pat_" + some(82),
        "glpat-" + some(20),
        "npm_" + some(36),
        "pypi-AgE" + some(60),
        "xoxb-" + some(12, digits) + "-" + some(24),
        "sk_live_" + some(24),
        "SG." + some(22) + "." + some(43),
        "SK" + some(32, low),
        "sk-ant-api03-" + some(80),
        "sk-proj-" + some(60),
        "skp_" + some(32),
        "hf_" + some(34),
        "dop_v1_" + some(64, low),
        "eyJ" + some(20) + ".eyJ" + some(30) + "." + some(43),
        f"postgres://app:{some(16)}@db.acme.dev/shop",
    ]


def test_secret_looking_names_stay_and_innocent_ones_go() -> None:
    rng = random.Random(12)
    with tally("uploads", "files named as secrets are", "left out, with a reason, at any depth and case") as kept:
        for name in SECRET:
            for path in (name, f"a/B/{name}", name.upper()):
                row = next(row for row in select({path: "x", "index.html": ""}).rows if row.path == path)
                kept.check(not row.included and row.why, path)
    with tally("uploads", "innocent files", "sent, and no secret claimed") as kept:
        for name in INNOCENT:
            for path in (name, f"tests/fixtures/{name}"):
                row = next(row for row in select({path: "x = 1\n", "a.html": ""}).rows if row.path == path)
                kept.check(row.included and (not row.why or "none was found" in row.why), f"{path}: {row.why}")
    with tally("uploads", "tokens in source code", "sent, and told") as kept:
        for _ in range(times(5)):
            for token in _tokens(rng):
                (row,) = select({"config.js": f'const key = "{token}";\n'}).rows
                kept.check(row.included and "it holds" in row.why, token)
    with tally("uploads", "tokens in settings that an app may need", "left out, with a reason") as kept:
        for token in _tokens(rng):
            for name in (".npmrc", "wp-config.php", "auth.json", ".yarnrc.yml"):
                row = next(r for r in select({name: f"value: '{token}'\n", "a": ""}).rows if r.path == name)
                kept.check(not row.included and row.why, (name, token))
    with tally("uploads", "words that only speak of tokens", "sent, and nothing said") as kept:
        for text in (
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_" + "x" * 36,
            "sk_live_...",
            "sk-ant-",
            "postgres://user:password@host/db",
            "postgres://app:${PASSWORD}@db.acme.dev/x",
            "sha512-" + "".join(rng.choices(LETTERS, k=86)) + "==",
            "password = os.environ['PASSWORD']",
            "glpat-YOUR_TOKEN_GOES_HERE0",
        ):
            (row,) = select({"readme.md": text}).rows
            kept.check(row.included and not row.why, f"{text}: {row.why}")


def test_hostile_names_in_archives_write_nothing(tmp_path: Path) -> None:
    names = [
        "~",
        "~/x",
        "~root/x",
        "a\u202egpj.exe",
        "a\u200b",
        "\ufeffx",
        "C:x",
    ]
    if os.name == "nt":  # names that Windows takes for something else: elsewhere a project may hold aux.js
        names += ["CON", "aux.txt", "a/LPT1", "a.", "a ", "a?", "a*b", 'a"b', "a|b"]
    names += [
        "../x",
        "/x",
        "a\\b",
        "a\x1b[2J",
        "x" * 256,
        "é" * 128,
        "a:b",
        "\u2066x",
        "a\u2028b",
    ]
    with tally("uploads", "hostile names in an archive", "refused as a whole, in printable words") as kept:
        for number, name in enumerate(names):
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w") as archive:
                archive.writestr(name, "x")
            path = tmp_path / f"{number}.zip"
            path.write_bytes(made.getvalue())
            folder = tmp_path / str(number)
            folder.mkdir()
            try:
                unpack(path, folder, max_bytes=1000)
                kept.check(False, repr(name))
            except UnsafeArchive as error:
                kept.check(str(error).isprintable() and not any(folder.iterdir()), repr(name))
