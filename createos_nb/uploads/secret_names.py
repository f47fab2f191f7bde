"""Names of files and folders that hold secrets, histories or caches, and names that only look so."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import translate
from typing import Final

_VARIABLES: Final = "secret: environment variables; give them to the environment as run_envs"
_KEY: Final = "secret: a private key"
_KEYS: Final = "secret: a store of keys"
_PASSWORDS: Final = "secret: passwords"
_TOKEN: Final = "secret: a token"
_REGISTRY: Final = "secret: tokens of package registries"
_CLOUD: Final = "secret: keys of an account"
_CLUSTER: Final = "secret: keys of a cluster"
_COOKIES: Final = "secret: cookies or logins of a browser"
_VPN: Final = "secret: access to a private network"
_DUMP: Final = "secret: a dump, which holds data as it was in use"
_TERRAFORM: Final = "secret: a state or values that hold passwords"
_HISTORY: Final = "secret: commands as they were typed"
_NAME: Final = "secret: by its name"
_DESKTOP: Final = "leftover of a desktop"
_REPOSITORY: Final = "history of the repository"
_INSTALLED: Final = "installed packages: the build installs them"

#: Why files stay here, with the patterns of their names in lower case. The first that fits has the say.
_FILES: Final[tuple[tuple[str, str], ...]] = (
    (_VARIABLES, ".env .env.* .env[-_]* *.env .envrc .flaskenv .dev.vars .dev.vars.* local.settings.json"),
    (_KEY, "id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* *_rsa *_dsa *_ecdsa *_ed25519 ssh_host_*_key identity"),
    (_KEY, "*.key *.ppk *.p8 *.pk8 *.pvk *.snk deploy_key deploy-key private.pem privkey*.pem *-key.pem *_key.pem"),
    ("secret: a private key with its certificate", "*.p12 *.pfx"),
    (_KEYS, "*.jks *.jceks *.bks *.keystore *.keychain *.keychain-db secring.* *.wallet wallet.dat *.bek"),
    ("secret: a store of passwords", "*.kdb *.kdbx *.psafe3 *.1pif *.agilekeychain *.opvault"),
    (
        _PASSWORDS,
        ".netrc _netrc .netrc.gpg .authinfo .authinfo.gpg .pgpass pgpass.conf pg_service.conf .pg_service.conf",
    ),
    (_PASSWORDS, ".my.cnf .mylogin.cnf .htpasswd* htpasswd .htdigest passwd shadow .git-credentials .gitcookies"),
    (_PASSWORDS, ".msmtprc .fetchmailrc .wgetrc .curlrc .smbcredentials .vault_pass* vault_pass* .ansible_vault*"),
    (_PASSWORDS, ".ftpconfig .ftppass sftp-config.json sftp.json sitemanager.xml recentservers.xml filezilla.xml"),
    (_PASSWORDS, "winscp.ini .remote-sync.json datasources.local.xml *.rdp *.publishsettings *.pubxml.user"),
    (_PASSWORDS, ".passwd-s3fs .muttrc .mbsyncrc .erlang.cookie confcons.xml"),
    (_REGISTRY, ".pypirc .gem-credentials credentials.tfrc.json .terraformrc terraform.rc"),
    ("secret: tokens of image registries", ".dockercfg .dockerconfigjson docker-config.json"),
    (_TOKEN, ".vault-token .token token token.txt token.json token.pickle .sentryclirc .clasprc.json .secret .secrets"),
    (_TOKEN, "access_token access_token.* .api_key .apikey ngrok.yml .ngrok.yml .netlify-token .gitlab-token"),
    (_CLOUD, "credentials rootkey.csv *accesskey*.csv *access_key*.csv .boto .s3cfg .s3curl rclone.conf .rclone.conf"),
    (_CLOUD, "*service-account*.json *service_account*.json *serviceaccount*.json *firebase-adminsdk*.json"),
    (_CLOUD, "client_secret*.json client-secret*.json keyfile.json gcp-key*.json gcloud-key*.json azureauth.json"),
    (
        _CLUSTER,
        "kubeconfig *.kubeconfig kubeconfig.* kubeconfig[-_]* *[-_]kubeconfig* kube.config kube-config* k3s.yaml",
    ),
    (_TERRAFORM, "*.tfstate *.tfstate.* *.tfvars *.tfvars.json *.tfplan"),
    (_COOKIES, "cookies cookies.* cookies-journal *.cookies .cookies cookiejar* cookie.jar cookie.txt *.cookiejar"),
    (_COOKIES, "*.binarycookies *cookies.sqlite* *cookies.txt *[-_]cookies.json login?data* web?data logins.json"),
    (_COOKIES, "key3.db key4.db signons.sqlite local?state storage_state.json storage-state.json storagestate.json"),
    (_VPN, "*.ovpn wg[0-9]*.conf wireguard*.conf *.wg ipsec.secrets *.mobileconfig *.pcf *.nmconnection *.openvpn"),
    (_DUMP, "*.dump *.dmp *.mdmp *.pgdump *dump*.sql *backup*.sql *.sql.gz *.sql.bz2 *.sql.xz *.sql.zst *.sql.zip"),
    (_DUMP, "*.rdb appendonly*.aof *.bson *.hprof *.heapsnapshot heapdump* core.[0-9]* *.pcap *.pcapng *.har"),
    (_DUMP, "*dump*.tar *dump*.archive dump.json db_dump* mysqldump* pg_dump*"),
    (_HISTORY, ".*_history fish_history consolehost_history.txt .dbshell .lesshst .viminfo"),
    (_DESKTOP, ".ds_store thumbs.db desktop.ini"),
)
_FOLDERS: Final[tuple[tuple[str, str], ...]] = (
    (_REPOSITORY, ".git .hg .svn .bzr cvs"),
    ("secret: private keys", ".ssh .gnupg .password-store .putty"),
    (_CLOUD, ".aws .azure .gcloud gcloud .oci .aliyun .bluemix .s3"),
    (_CLUSTER, ".kube .minikube"),
    ("secret: tokens of image registries", ".docker"),
    ("secret: the token of the command line", ".createos"),
    (_TERRAFORM, ".terraform .terraform.d"),
    (_COOKIES, ".mozilla .thunderbird .auth"),
    (_VPN, "*.tblk"),
    (_INSTALLED, "node_modules .venv"),
    ("cache", "__pycache__ .mypy_cache .pytest_cache .ruff_cache .ipynb_checkpoints"),
    (_DESKTOP, "__macosx"),
)
#: Files that an app may need and that often hold a token: their content decides, and the plan says that it did.
_JUDGED: Final = (
    ".npmrc .yarnrc .yarnrc.yml bunfig.toml .bunfig.toml auth.json wp-config.php wp-config-*.php pip.conf nuget.config "
    "settings.xml gradle.properties .condarc parameters.yml parameters.yaml database.yml tokens.json tokens.yaml "
    "tokens.yml tokens.txt hosts.yml .gitconfig config.php localsettings.php"
)
#: Databases in one file: some are the data of an app, some hold what people have entered.
_DATABASES: Final = "*.sqlite *.sqlite3 *.db *.db3 *.mdb *.accdb"

#: Words that make a file of data a secret: `secrets.prod.yaml`, `db-credentials.json`, `passwords.csv`.
_WORD: Final = re.compile(
    r"(?:.*[._ -])?(?:secrets?|credentials?|creds|passwords?|passphrases?|api[_-]?keys?|private[_-]?keys?|"
    r"client[_-]?secrets?|auth[_-]?tokens?|access[_-]?tokens?|refresh[_-]?tokens?|(?:recovery|backup)[_-]codes?)"
    r"(?:(?:[._ -].*)?\.(?:json[5c]?|ya?ml|toml|ini|cfg|conf|config|properties|txt|xml|csv|tsv|plist|xlsx?|ods|docx?)|)"
)
#: What makes such a word the name of an example, or says that it is encrypted.
_EXAMPLE: Final = re.compile(
    r"(?:^|[._-])(?:example|examples|sample|template|tmpl|tpl|dist|defaults?|schema|enc|sops|sealed|encrypted|pub|public)"
    r"(?=[._-]|$)"
)
_ENCRYPTED_OR_CODE: Final = re.compile(
    r"\.(?:[cm]?[jt]sx?|py|rb|php|go|rs|java|kt|cs|swift|vue|svelte|css|html?|mdx?)$"
)
#: Folders of texts in several languages, where `passwords.json` holds what people read.
_TEXTS: Final = frozenset({"locale", "locales", "i18n", "lang", "langs", "translations", "messages", "l10n"})
#: Folders of what tests read: what a word or a dump's name says there is no evidence, only the content is.
_FIXTURES: Final = frozenset(
    {"fixtures", "fixture", "__fixtures__", "testdata", "test-data", "test_data", "__mocks__", "mocks", "__snapshots__"}
)
_TESTS: Final = frozenset({"test", "tests", "spec", "specs", "__tests__", "e2e", "cypress"})
_WEAK: Final = frozenset({_NAME, _DUMP, _COOKIES, _TOKEN, _CLOUD})
#: What editors, desktops and packers hang on the name of a copy.
_COPY: Final = re.compile(
    r"(?:~|\.(?:bak|backup|old|orig|save|saved|copy|tmp|sw[a-p]|gz|bz2|xz|zst|zip|7z|tgz|\d{1,8}))$"
)
_COUNTED: Final = re.compile(r"(?: \(\d+\)| copy(?: \d+)?| - copy)(?=\.|$)")


def _matching(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns.split()))


_FILE_RULES: Final = tuple((_matching(patterns), why) for why, patterns in _FILES)
_FOLDER_RULES: Final = tuple((_matching(patterns), why) for why, patterns in _FOLDERS)
_JUDGED_RULE: Final = _matching(_JUDGED)
_DATABASE_RULE: Final = _matching(_DATABASES)


def folders_out() -> list[str]:
    """Names of folders that stay here as a whole, in lower case."""
    return [name for _, patterns in _FOLDERS for name in patterns.split() if "*" not in name]


def by_name(path: str, is_folder: bool) -> str:
    """Why a file or a folder at this path stays here; an empty text where its name says nothing."""
    *parents, name = _normalize(path).split("/")
    if is_folder:
        return _first(_FOLDER_RULES, name)
    if name == ".git":
        return _REPOSITORY
    for spelling in _spellings(name):
        if _EXAMPLE.search(spelling):
            return ""
        why = _first(_FILE_RULES, spelling)
        if (
            not why
            and _WORD.fullmatch(spelling)
            and not _ENCRYPTED_OR_CODE.search(spelling)
            and not _TEXTS.intersection(parents)
        ):
            why = _NAME
        if why and not (why in _WEAK and (is_fixture(path) or is_code(spelling))):
            return why
    return ""


def is_judged(name: str) -> bool:
    """Return whether this is the name of a file that an app may need and that often holds a token."""
    return any(_JUDGED_RULE.match(spelling) for spelling in _spellings(_normalize(name)))


def is_database(name: str) -> bool:
    """Return whether a file of this name is a database."""
    return _DATABASE_RULE.match(_normalize(name)) is not None


def is_fixture(path: str) -> bool:
    """Return whether a file lies where tests keep what they read."""
    parents = set(_normalize(path).split("/")[:-1])
    return bool(parents & (_FIXTURES | _TESTS))


def is_code(name: str) -> bool:
    """Return whether a file is code or prose, which an app lacks where it is left out."""
    return _ENCRYPTED_OR_CODE.search(_normalize(name)) is not None


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _first(rules: tuple[tuple[re.Pattern[str], str], ...], name: str) -> str:
    return next((why for rule, why in rules if rule.match(name)), "")


def _spellings(name: str) -> list[str]:
    """A name, and what it is a copy of: `.env~`, `credentials (1).json`, `id_rsa.old`."""
    names = [name]
    while (original := _COUNTED.sub("", _COPY.sub("", names[-1])).strip()) != names[-1] and original:
        names.append(original)
        if names[-2].startswith(".") and re.search(r"\.sw[a-p]$", names[-2]):  # an editor's: .NAME.swp
            names.append(original[1:] or original)
    return names
