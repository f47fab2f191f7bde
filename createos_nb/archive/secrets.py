"""What never belongs into an upload: secrets, the history of a repository, and what tools leave lying about."""

from __future__ import annotations

import re
import shlex
import unicodedata
from fnmatch import fnmatchcase
from typing import Final

from createos_nb.archive import tokens

#: Name patterns in lower case, and why what has such a name stays here. The first that fits has the say.
_NAMES: Final[tuple[tuple[str, str], ...]] = (
    (
        ".env .env.* .env-* .env_* *.env .flaskenv",
        "secret: environment variables; give them to the environment as run_envs",
    ),
    (".envrc .envrc.* .dev.vars .dev.vars.*", "secret: environment variables"),
    ("*.pub", ""),
    ("id_rsa* id_dsa* id_ecdsa* id_ed25519* *.key *.ppk *.p8 secring.*", "secret: a private key"),
    ("*.p12 *.pfx", "secret: a private key with its certificate"),
    ("*.jks *.keystore *.jceks *.bks *.keytab krb5cc_* wallet.dat", "secret: a store of keys"),
    ("*.kdbx *.kdb *.psafe3 *.1pux *.agilekeychain *.keychain *.keychain-db", "secret: a store of passwords"),
    ("key3.db key4.db logins.json signons.sqlite 'login data' 'login data-journal'", "secret: a store of passwords"),
    (
        "cookies.sqlite cookies.sqlite-* cookies-journal cookies.binarycookies cookies.txt *.har",
        "secret: cookies of a browser",
    ),
    (".netrc _netrc .pgpass pgpass.conf .htpasswd .htdigest .git-credentials", "secret: passwords"),
    (".my.cnf .mylogin.cnf .msmtprc .esmtprc .fetchmailrc .smbcredentials .authinfo", "secret: passwords"),
    ("passwords.txt passwords.csv passwords.xlsx .ftpconfig sftp-config.json sitemanager.xml", "secret: passwords"),
    (".vault_pass .vault_pass.* .vault-pass* .vault_password* vault_pass.txt vault-password*", "secret: passwords"),
    (".pypirc", "secret: tokens of package registries"),
    (".dockercfg .dockerconfigjson", "secret: tokens of image registries"),
    (".vault-token .terraformrc terraform.rc credentials.tfrc.json", "secret: a token"),
    ("kubeconfig kubeconfig.* *.kubeconfig *.kubeconfig.*", "secret: keys of a cluster"),
    (
        "credentials credentials.{data} credentials.*.{data} credentials.csv credentials.ini aws_credentials* "
        "application_default_credentials.json azureauth.json rootkey.csv",
        "secret: keys of an account",
    ),
    (
        "*_accesskeys.csv *_credentials.csv service-account*.json service_account*.json serviceaccount*.json",
        "secret: keys of an account",
    ),
    (
        "*firebase-adminsdk*.json client_secret*.json .boto .s3cfg rclone.conf .passwd-s3fs",
        "secret: keys of an account",
    ),
    ("*.tfvars *.tfvars.json", "secret: variables of an infrastructure"),
    ("*.tfstate *.tfstate.*", "secret: a state that holds passwords"),
    (".secret .secrets secrets secret.txt secrets.txt secrets.ini secrets.xml", "secret: by its name"),
    (
        "secret.{data} secrets.{data} secrets.*.{data} secret.*.{data} *.secret.{data} *.secrets.{data}",
        "secret: by its name",
    ),
    ("*-secret.{data} *-secrets.{data} *_secret.{data} *_secrets.{data}", "secret: by its name"),
    (".*_history .lesshst .viminfo fish_history consolehost_history.txt", "secret: what was typed in a shell"),
    ("*.ovpn *.pcf *.tblk wg[0-9].conf wireguard*.conf", "secret: access to a private network"),
    (
        "dump.sql dump[-_.]*.sql *[-_.]dump.sql backup.sql backup[-_.]*.sql *[-_.]backup.sql *.pgdump *.dump dump.rdb",
        "dump: the rows of a database",
    ),
    ("*.sql.gz *.sql.bz2 *.sql.xz *.sql.zst *.sql.zip *.sql.7z", "dump: the rows of a database"),
    ("*.hprof *.dmp *.mdmp *.heapsnapshot core.[0-9]*", "dump: the memory of a program"),
    (".ds_store thumbs.db desktop.ini", "leftover of a desktop"),
)
#: Forms that hold data; code of such a name is judged by its content alone.
_DATA: Final = ("json", "yaml", "yml", "toml", "properties", "conf", "cfg")


def _patterns() -> tuple[tuple[str, str], ...]:
    written = ((one, why) for names, why in _NAMES for one in shlex.split(names))
    return tuple(
        (one.replace("{data}", form), why) for one, why in written for form in (_DATA if "{data}" in one else ("",))
    )


_FILES: Final = _patterns()
#: A part of a name that says that its values are made up, such as in `.env.example` and `secrets.sample.yaml`.
_MADE_UP: Final = frozenset({"example", "sample", "template", "tmpl", "tpl", "dist", "defaults", "schema", "enc", "j2"})
#: What editors and people add to the name of a copy.
_COPY: Final = re.compile(
    r"(?:~|\.(?:bak|backup|old|orig|save|sav|copy|tmp|sw[a-p])|[ _-]copy|[. \u200b-\u200f\u2060\ufeff])+$"
)
_FOLDERS: Final[tuple[tuple[str, str], ...]] = (
    (".git", "history of the repository"),
    (".hg", "history of the repository"),
    (".svn", "history of the repository"),
    (".bzr", "history of the repository"),
    ("cvs", "history of the repository"),
    (".ssh", "secret: private keys"),
    (".gnupg", "secret: private keys"),
    (".aws", "secret: keys of an account"),
    (".azure", "secret: keys of an account"),
    (".kube", "secret: keys of a cluster"),
    (".docker", "secret: tokens of image registries"),
    (".gcloud", "secret: keys of an account"),
    (".oci", "secret: keys of an account"),
    (".password-store", "secret: passwords"),
    (".mozilla", "secret: cookies of a browser"),
    (".terraform", "cache, and settings of an infrastructure"),
    (".createos", "secret: the token of the command line"),
    ("node_modules", "installed packages: the build installs them"),
    (".venv", "installed packages: the build installs them"),
    ("__pycache__", "cache"),
    (".mypy_cache", "cache"),
    (".pytest_cache", "cache"),
    (".ruff_cache", "cache"),
    (".ipynb_checkpoints", "cache"),
    ("__macosx", "leftover of a desktop"),
)
#: Marks a folder of installed Python packages, whatever its name.
VIRTUAL_ENVIRONMENT: Final = "pyvenv.cfg"


def folders_out() -> list[str]:
    """Names of folders that stay here as a whole, in lower case."""
    return [name for name, _ in _FOLDERS]


def by_name(name: str, is_folder: bool) -> str:
    """Why a file or a folder of this name stays here; an empty text where the name says nothing."""
    low = unicodedata.normalize("NFKC", name).lower()
    if is_folder:
        return next((why for pattern, why in _FOLDERS if low.rstrip(". ") == pattern), "")
    if low == ".git":
        return "history of the repository"
    copied = _COPY.sub("", low)
    names = [low, copied]
    if re.search(r"\.sw[a-p]$", low):
        names.append(copied.removeprefix("."))  # an editor's swap file has a dot before the name
    for one in filter(None, names):
        if (why := _listed(one)) is not None:
            return why
    return ""


def _listed(name: str) -> str | None:
    why = next((why for pattern, why in _FILES if fnmatchcase(name, pattern)), None)
    made_up = not _MADE_UP.isdisjoint(name.split(".")[-2:]) or not _MADE_UP.isdisjoint(re.split(r"[-_.]", name)[-2:-1])
    return "" if why and made_up and not why.startswith(_NEVER_MADE_UP) else why


#: Where an example is as good as the thing: `example.key` is a key.
_NEVER_MADE_UP: Final = ("secret: a private key", "secret: a store", "dump: ", "secret: cookies")


def by_content(name: str, content: bytes) -> str:
    """Why a file with this content stays here; an empty text where nothing in it says so."""
    if tokens.private_key(content):
        return "secret: it holds a private key"
    if why := tokens.store(content):
        return why
    low = name.lower()
    if any(fnmatchcase(low, pattern) for pattern in _JUDGED):
        found = tokens.forms(content) or (["a password or token"] if tokens.assigned(content) else [])
        if found:
            return f"secret: it holds {found[0]}; let it name a variable instead, and set that for the build or run"
    return ""


def told(content: bytes) -> str:
    """A word about a file that is sent though known forms of tokens are in it; an empty text where none are."""
    found = tokens.forms(content)
    return f"sent, but look: it seems to hold {', '.join(found[:3])}; exclude= leaves it out" if found else ""


#: Files that an app may need, and that may hold a password: their content decides.
_JUDGED: Final = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "wp-config.php",
    "wp-config-*.php",
    "auth.json",
    "pip.conf",
    "pip.ini",
    ".condarc",
    "nuget.config",
    "settings.xml",
    "gradle.properties",
    "bunfig.toml",
    ".sentryclirc",
    "sentry.properties",
    "ngrok.yml",
    "hosts.yml",
    "database.yml",
    "parameters.yml",
    "local.settings.json",
    "web.config",
)
