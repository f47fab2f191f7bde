"""Names and contents that are secret, and names and contents that only look like it: both directions are counted."""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any, Final

import pytest

from createos_nb.uploads import select
from tests.attacks.tally import Tally, tally, times
from tests.uploads.made import zip_of

SECRET: Final = """
.env .ENV .env.local .env.production prod.env .env-prod .env~ .envrc .flaskenv .dev.vars local.settings.json
credentials.json Credentials.JSON credentials credentials.csv credentials.toml aws_credentials.json terraform.tfvars
prod.auto.tfvars terraform.tfvars.json terraform.tfstate terraform.tfstate.backup kubeconfig kubeconfig.yaml
prod.kubeconfig kubeconfig-prod admin-kubeconfig.yaml k3s.yaml secrets.yaml secrets.prod.yaml secret.json
prod-secrets.yml secrets.toml my_secrets.json passwords.txt passwords.csv db-password.txt api_keys.json apikey.txt
client_secret_12.json service-account.json my-service-account-key.json app-firebase-adminsdk-ab1.json
.bash_history .zsh_history .python_history .psql_history .mysql_history .node_repl_history id_rsa id_ed25519 id_rsa.old
deploy_rsa server.key tls-key.pem privkey.pem a.p12 a.pfx a.p8 a.ppk a.jks a.keystore a.kdbx login.keychain-db .netrc
_netrc .pgpass .my.cnf .htpasswd .git-credentials .pypirc .dockercfg .dockerconfigjson .vault-token .vault_pass
.boto .s3cfg rclone.conf rootkey.csv x_accessKeys.csv sftp-config.json ngrok.yml token.json office.ovpn OFFICE.OVPN
wg0.conf ipsec.secrets cookies.sqlite cookies.txt Cookies cookies.json key4.db logins.json
storage_state.json dump.sql prod-dump.sql db_backup.sql all.sql.gz dump.rdb app.dump users.bson app.har heap.hprof
trace.pcap credentials.json.bak secrets.yaml.gz .aws/credentials .kube/config .ssh/config .docker/config.json
""".split()  # noqa: SIM905  # lines of names read better than a list
INNOCENT: Final = """
.env.example .env.sample .env.template .env.dist env.d.ts environment.ts package.json package-lock.json yarn.lock
pnpm-lock.yaml Cargo.lock go.sum poetry.lock uv.lock composer.lock server.crt ca.cer fullchain.pem id_rsa.pub
secrets.py credentials.ts Secret.java secret_manager.go passwords.rb password-field.vue token.ts tokens.css
tokenizer.json
key.js keyboard.svg cookie.js cookies.ts cookie-banner.html history.js history.txt schema.sql migrations/001_init.sql
structure.sql seed.sql config.json config.yaml settings.py docker-compose.yml Dockerfile Makefile README.md index.html
secrets.example.yaml credentials.json.example terraform.tfvars.example secrets.sample.json secrets.schema.json
credentials.yml.enc secrets.enc.yaml locales/en/passwords.json config/locales/passwords.en.yml
tests/fixtures/credentials.json tests/fixtures/dump.sql testdata/secrets.yaml __fixtures__/cookies.json main.tf
variables.tf kube.py values.yaml deployment.yaml nginx.conf app.conf web.config robots.txt humans.txt passport.js
secretary.html monkey.pem.md turkey.json compass.json dumpling.json .gitignore .dockerignore .eslintrc.json .nvmrc
tsconfig.json vpn.md dump.py backup.py passwordless.md wgpu.conf.md core.js core/index.js Core.tsx identity.ts
password.svg secret.wasm public/token.png openapi.json .prettierrc .editorconfig .babelrc requirements.txt
pyproject.toml
""".split()  # noqa: SIM905  # lines of names read better than a list


def _around(name: str, rng: random.Random) -> str:
    """The name at any depth."""
    return "/".join([*rng.choices(["src", "app", "deep", "a b", "ä"], k=rng.randrange(4)), name])


@pytest.mark.parametrize("way", ["mapping", "zip", "folder"])
def test_names_of_secrets_stay_and_are_told(way: str, tmp_path: Path) -> None:
    rng = random.Random(way)
    with tally("uploads", f"names of secrets, in a {way}", "left out, with a reason") as kept:
        for number in range(times(1)):
            for name in SECRET:
                path = _around(name, rng)
                _kept_back(path, b"x\n", way, tmp_path / f"{number}-{kept.tries}", kept)


@pytest.mark.parametrize("way", ["mapping", "zip", "folder"])
def test_innocent_names_go(way: str, tmp_path: Path) -> None:
    rng = random.Random(way)
    with tally("uploads", f"names that only look like it, in a {way}", "sent") as kept:
        for _ in range(times(1)):
            for name in INNOCENT:
                path = _around(name, rng)
                found = {row.path for row in select(_source(path, b"x\n", way, tmp_path / str(kept.tries))).included}
                kept.check(path in found, path)


def _source(path: str, content: bytes, way: str, folder: Path) -> Any:
    files = {path: content, "index.html": b"<p>"}
    if way == "mapping":
        return files
    if way == "zip":
        return zip_of(files)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def _kept_back(path: str, content: bytes, way: str, folder: Path, kept: Tally) -> None:
    selection = select(_source(path, content, way, folder))
    out = [row for row in selection.rows if not row.included and row.why.startswith("secret: ")]
    told = any(path == row.path or (row.path.endswith("/") and path.startswith(row.path)) for row in out)
    kept.check(told and all(row.path != path for row in selection.included), path)


def _letters(rng: random.Random, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(rng.choices(alphabet, k=count))


def tokens(rng: random.Random) -> dict[str, str]:
    """A token of every form, made anew: none was ever given out."""
    base32, hexes = string.ascii_uppercase + "234567", "0123456789abcdef"
    return {
        "AWS": "AKIA" + _letters(rng, 16, base32),
        "AWS secret": "aws_secret_access_key = " + _letters(rng, 40),
        "GCP": "AIza" + _letters(rng, 35),
        "GitHub": "ghp_" + _letters(rng, 36),
        "GitHub fine": "github_pat_" + _letters(rng, 82),
        "GitLab": "glpat-" + _letters(rng, 20),
        "npm": "npm_" + _letters(rng, 36),
        "PyPI": "pypi-AgEI" + _letters(rng, 80),
        "Slack": "xoxb-" + _letters(rng, 12, string.digits) + "-" + _letters(rng, 24),
        "Stripe": "sk_live_" + _letters(rng, 24),
        "JWT": f"eyJ{_letters(rng, 30)}.eyJ{_letters(rng, 60)}.{_letters(rng, 43)}",
        "SendGrid": f"SG.{_letters(rng, 22)}.{_letters(rng, 43)}",
        "Twilio": "SK" + _letters(rng, 32, hexes),
        "OpenAI": "sk-proj-" + _letters(rng, 48),
        "Anthropic": "sk-ant-api03-" + _letters(rng, 90),
        "platform": "skp_" + _letters(rng, 32),
        "database": f"postgres://app:{_letters(rng, 20)}@db.internal:5432/app",
        "Hugging Face": "hf_" + _letters(rng, 34),
        "DigitalOcean": "dop_v1_" + _letters(rng, 64, hexes),
        "Vault": "hvs." + _letters(rng, 30),
    }


def test_tokens_in_data_stay_and_in_code_are_told() -> None:
    rng = random.Random(12)
    with tally("uploads", "tokens of known forms in files of data, code and UTF-16", "left out, or told of") as kept:
        for _ in range(times(3)):
            for form, token in tokens(rng).items():
                for name in (".npmrc", "auth.json", "wp-config.php", "settings.yml", "notes.txt"):
                    for coding in ("utf-8", "utf-16"):
                        rows = select({name: f'a: "{token}"\n'.encode(coding), "a": ""}).rows
                        row = next(one for one in rows if one.path == name)
                        kept.check(not row.included and row.why.startswith("secret: "), f"{form} in {name}, {coding}")
                (row,) = select({"app.js": f'const a = "{token}"\n'}).rows
                kept.check(row.included and row.secret and bool(row.why), f"{form} in app.js: {row.why}")


def test_placeholders_go() -> None:
    contents = [
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n",
        "define('DB_PASSWORD', getenv('DB_PASSWORD'));\n",
        "DATABASE_URL: postgres://user:password@localhost:5432/app\n",
        "postgres://${USER}:${PASSWORD}@db/app\n",
        "aws: AKIAIOSFODNN7EXAMPLE\n",
        "Authorization: Bearer <token>\n",
        '"integrity": "sha512-' + _letters(random.Random(1), 86) + '=="\n',
        "-----BEGIN CERTIFICATE-----\n" + "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq\n" * 4 + "-----END CERTIFICATE-----\n",
        "github: ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        "sk-your-key-here sk_live_... npm_<token>\n",
    ]
    with tally("uploads", "placeholders, examples and hashes where tokens stand", "sent") as kept:
        for content in contents:
            for name in ("config.json", "docker-compose.yml", ".npmrc", "wp-config.php", "package-lock.json"):
                (row,) = select({name: content}).rows
                kept.check(row.included and not row.secret, f"{name}: {content!r}: {row.why}")
