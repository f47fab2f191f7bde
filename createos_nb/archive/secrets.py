"""What never belongs into an upload: secrets, the history of a repository, and what tools leave lying about."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

#: Name patterns in lower case, and why what has such a name stays here. The first that fits has the say.
_FILES: Final[tuple[tuple[str, str], ...]] = (
    (".env.example", ""),
    (".env.sample", ""),
    (".env.template", ""),
    (".env.dist", ""),
    (".env.defaults", ""),
    (".env", "secret: environment variables; give them to the environment as run_envs"),
    (".env.*", "secret: environment variables; give them to the environment as run_envs"),
    ("*.env", "secret: environment variables; give them to the environment as run_envs"),
    (".envrc", "secret: environment variables"),
    (".dev.vars", "secret: environment variables"),
    ("*.pub", ""),
    ("id_rsa*", "secret: a private key"),
    ("id_dsa*", "secret: a private key"),
    ("id_ecdsa*", "secret: a private key"),
    ("id_ed25519*", "secret: a private key"),
    ("*.key", "secret: a private key"),
    ("*.ppk", "secret: a private key"),
    ("*.p8", "secret: a private key"),
    ("*.p12", "secret: a private key with its certificate"),
    ("*.pfx", "secret: a private key with its certificate"),
    ("*.jks", "secret: a store of keys"),
    ("*.keystore", "secret: a store of keys"),
    ("*.kdbx", "secret: a store of passwords"),
    (".netrc", "secret: passwords"),
    ("_netrc", "secret: passwords"),
    (".pgpass", "secret: passwords"),
    (".htpasswd", "secret: passwords"),
    (".git-credentials", "secret: passwords"),
    (".pypirc", "secret: tokens of package registries"),
    (".dockercfg", "secret: tokens of image registries"),
    (".vault-token", "secret: a token"),
    ("secrets.toml", "secret: by its name"),
    ("secrets.yaml", "secret: by its name"),
    ("secrets.yml", "secret: by its name"),
    ("secrets.json", "secret: by its name"),
    ("*.tfstate", "secret: a state that holds passwords"),
    ("*.tfstate.backup", "secret: a state that holds passwords"),
    (".ds_store", "leftover of a desktop"),
    ("thumbs.db", "leftover of a desktop"),
    ("desktop.ini", "leftover of a desktop"),
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

#: A key in PEM, also inside JSON, with its content: source code that only mentions the first line is none.
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\s|\\[rn])+"
    rb"(?:[A-Za-z][A-Za-z0-9-]*: [^\n\\]{0,200}(?:\r?\n|\\n)\s*)*"
    rb"(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[rn])*){2,}"
)
#: A token of a package registry that stands there itself, not as the name of a variable.
_NPM_TOKEN: Final = re.compile(rb"(?m)^[^#;\n]*_(?:authToken|auth|password)\s*=\s*[\"']?(?!\$\{)[^\s\"'#;]+")


def folders_out() -> list[str]:
    """Names of folders that stay here as a whole, in lower case."""
    return [name for name, _ in _FOLDERS]


def by_name(name: str, is_folder: bool) -> str:
    """Why a file or a folder of this name stays here; an empty text where the name says nothing."""
    low = name.lower()
    if is_folder:
        return next((why for pattern, why in _FOLDERS if low == pattern), "")
    if low == ".git":
        return "history of the repository"
    return next((why for pattern, why in _FILES if fnmatchcase(low, pattern)), "")


def by_content(name: str, content: bytes) -> str:
    """Why a file with this content stays here; an empty text where nothing in it says so."""
    if b"PRIVATE KEY" in content and _PRIVATE_KEY.search(content):
        return "secret: it holds a private key"
    if name.lower() == ".npmrc" and _NPM_TOKEN.search(content):
        return "secret: a token of a package registry; write ${NAME}, and give the token as a build variable"
    return ""
