"""Secrets that are known by their form: tokens of services, private keys, addresses of databases with a password."""

from __future__ import annotations

import re
from typing import Final

from createos_nb.redaction import MASK

#: A key in PEM, also inside JSON, with its content: source code that only mentions the first line is none.
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\s|\\[rn])+"
    rb"(?:[A-Za-z][A-Za-z0-9-]*: [^\n\\]{0,200}(?:\r?\n|\\n)\s*)*"
    rb"(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[rn])*){2,}"
)

#: What it is, letters that such a token always holds, and its form. The letters are looked for first: that is fast.
_FORMS: Final[tuple[tuple[str, bytes, re.Pattern[bytes]], ...]] = tuple(
    (name, letters.encode(), re.compile(rb"(?<![A-Za-z0-9])" + form.encode()))
    for name, letters, form in (
        ("an access key of AWS", "AKIA", r"AKIA[A-Z2-7]{16}(?![A-Za-z0-9])"),
        ("an access key of AWS", "ASIA", r"ASIA[A-Z2-7]{16}(?![A-Za-z0-9])"),
        (
            "a secret key of AWS",
            "ecret",
            r"(?i:aws_?secret_?access_?key|secretaccesskey)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
        ),
        ("a key of Google Cloud", "AIza", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
        ("a token of Google", "ya29.", r"ya29\.[A-Za-z0-9_-]{30,}"),
        ("a client secret of Google", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{24,}"),
        ("a token of GitHub", "gh", r"gh[pousr]_[A-Za-z0-9]{36,}"),
        ("a token of GitHub", "github_pat_", r"github_pat_[A-Za-z0-9_]{50,}"),
        ("a token of GitLab", "gl", r"gl(?:pat|dt|rt|ptt|cbt|oas|ft|agent)-[A-Za-z0-9_-]{20,}"),
        ("a token of npm", "npm_", r"npm_[A-Za-z0-9]{36}"),
        ("a token of PyPI", "pypi-", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
        ("a token of Slack", "xox", r"xox[abceoprs]-(?:\d-)?[A-Za-z0-9-]{20,}"),
        ("a token of Slack", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,}"),
        ("a webhook of Slack", "hooks.slack.com", r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{16,}"),
        ("a key of Stripe", "k_live_", r"[sr]k_live_[A-Za-z0-9]{16,}"),
        ("a key of Stripe", "k_test_", r"[sr]k_test_[A-Za-z0-9]{16,}"),
        ("a webhook secret of Stripe", "whsec_", r"whsec_[A-Za-z0-9+/]{24,}"),
        ("a JSON Web Token", "eyJ", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}"),
        ("a key of SendGrid", "SG.", r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
        ("a key of Twilio", "SK", r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
        ("a token of Twilio", "wilio", r"(?i:twilio\w{0,20}token)[\"']?\s*[:=]\s*[\"']?[0-9a-f]{32}(?![A-Za-z0-9])"),
        ("a token of Twilio", "TWILIO", r"TWILIO\w{0,20}TOKEN[\"']?\s*[:=]\s*[\"']?[0-9a-f]{32}(?![A-Za-z0-9])"),
        ("a key of Anthropic", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
        ("a key of OpenAI", "sk-", r"sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{40,})"),
        ("a key of this platform", "skp_", r"skp_[A-Za-z0-9_-]{12,}"),
        ("a key of Azure", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
        ("a key of Azure", "SharedAccessKey=", r"SharedAccessKey=[A-Za-z0-9+/]{40,}={0,2}"),
        ("a token of DigitalOcean", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
        ("a token of Hugging Face", "hf_", r"hf_[A-Za-z0-9]{34,}"),
        ("a token of Shopify", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
        ("a key of Mailgun", "key-", r"key-[0-9a-f]{32}(?![A-Za-z0-9])"),
        ("a token of Telegram", ":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
        ("a webhook of Discord", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{15,}/[A-Za-z0-9_-]{50,}"),
        ("a token of Vault", "hvs.", r"hvs\.[A-Za-z0-9_-]{24,}"),
        ("a token of Docker Hub", "dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
        ("a token of Sentry", "sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
        ("a token of Databricks", "dapi", r"dapi[0-9a-f]{32}"),
        ("a key in age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
        ("a private key of PuTTY", "PuTTY-User-Key", r"PuTTY-User-Key-File-\d:[\s\S]{1,4000}?Private-Lines: \d"),
        ("a key of WireGuard", "PrivateKey", r"PrivateKey\s*=\s*[A-Za-z0-9+/]{43}="),
        ("a key of a cluster", "client-key-data", r"client-key-data:\s*[A-Za-z0-9+/]{40,}"),
    )
)
#: An address with a name and a password in it: databases and brokers, and package indexes and repositories over HTTPS.
_ADDRESS: Final = re.compile(
    rb"(?i)(?<![a-z0-9])(postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|oracle|cockroachdb|"
    rb"clickhouse|ldaps?|smtps?|ftps?|sftp|https?)(?:\+[a-z0-9]+)?://"
    rb"([^\s:/@\"'<>`]{0,100}):([^\s/@\"'<>`]{3,200})@([a-z0-9.-]+|\[[0-9a-f:]+\])"
)
_DATABASES: Final = (b"http", b"ftp", b"sftp", b"smtp", b"ldap")
#: An assignment of something named like a secret; in files that an app may need and that often hold one.
_ASSIGNED: Final = re.compile(
    rb"(?i)(?:passw(?:or)?d|passwd|pwd|secret|token|api_?key|_auth|authident|auth_key|secure_auth_key|logged_in_key|"
    rb"nonce_key|_salt|oauth|bearer)[a-z0-9_.-]*[\"']?(?:\s*(?:=>|[:=,])\s*|\s*[:=]\s*\{\s*[\"'][^\"']+[\"']\s*:\s*|>)"
    rb"[\"']?(?![\s\"'{\[<$])([^\s\"'#;,<]{3,})"
)
#: A value that stands for another one.
_PLACEHOLDER: Final = re.compile(
    rb"(?i)^(?:[\$%<{\[(*]|process\.|os\.|env[.(\[]|getenv|import\.meta|null$|none$|true$|false$|undefined|your|my[_-]?|"
    rb"put[ _-]?your|insert|change|replace|todo|dummy|fake|redacted|placeholder|"
    rb"pass(?:word|wd|phrase)?(?:_?here)?[\"']?$|"
    rb"secret$|token$|user(?:name)?$|root$|admin$|postgres$|mysql$|test|example|sample|localhost)|"
    rb"example|x{6,}|\*{3,}|0{8,}|1234567890|\.\.\.|<[^>]+>|\$\{|\{\{"
)
_LOCAL: Final = re.compile(
    rb"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[::1\]|(?:[a-z0-9-]+\.)*example\.(?:com|org|net)$|host$|hostname$)"
)
#: The token that jwt.io shows, in whatever it is copied into: its second part.
_KNOWN_EXAMPLES: Final = (b"eyJzdWIiOiIxMjM0NTY3ODkwIi", b"AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY")
_DOTS: Final = MASK.encode()
_DUMP: Final = re.compile(rb"(?m)^-- (?:PostgreSQL database dump|MySQL dump|MariaDB dump|Dumping data for table)")
_ROWS: Final = re.compile(rb"(?mi)^(?:COPY [^\n;]{1,2000} FROM stdin;|INSERT INTO (?![^\n(]{0,80}migrations))")


def private_key(content: bytes) -> bool:
    """Return whether a private key is in it, with its content."""
    return b"PRIVATE KEY" in content and _PRIVATE_KEY.search(content) is not None


def form_in(content: bytes) -> str:
    """Return the kind of the first secret of a known form, such as "a token of GitHub"; "" where there is none."""
    text = _bytes_of_text(content)
    for name, marker, form in _FORMS:
        if marker in text and any(_is_real(match[0]) for match in form.finditer(text)):
            return name
    if b"://" in text:
        for match in _ADDRESS.finditer(text):
            scheme, user, password, host = match.groups()
            if password != user and not _PLACEHOLDER.search(password) and not _LOCAL.search(host):
                web = scheme.lower().startswith(_DATABASES)
                return "an address with a password" if web else "an address of a database with its password"
    return ""


def assigned_in(content: bytes) -> bool:
    """Return whether something named like a password or a token has a value in it, not the name of a variable."""
    return any(not _PLACEHOLDER.search(match[1]) for match in _ASSIGNED.finditer(_bytes_of_text(content)))


def mask_tokens(text: str) -> str:
    """Return a text with dots in place of what is a secret by its form, or is assigned to something named like one."""
    content = text.encode("utf-8", "surrogatepass")
    for _, marker, form in _FORMS:
        if marker in content:
            content = form.sub(lambda match: _DOTS if _is_real(match[0]) else match[0], content)
    if b"://" in content:
        content = _ADDRESS.sub(lambda match: match[0].replace(b":" + match[3] + b"@", b":" + _DOTS + b"@"), content)
    content = _ASSIGNED.sub(
        lambda match: match[0] if _PLACEHOLDER.search(match[1]) else match[0].replace(match[1], _DOTS), content
    )
    return content.decode("utf-8", "surrogatepass")


def is_dump(content: bytes) -> bool:
    """Return whether this is a dump of a database with rows, not only its schema."""
    return b"-- " in content[:4000] and _DUMP.search(content) is not None and _ROWS.search(content) is not None


def _is_real(token: bytes) -> bool:
    """Not a token that only shows the form: with EXAMPLE in it, or made of few different letters."""
    body = token[-24:]
    low = token.lower()
    if b"example" in low or b"xxxx" in low or b"0123456789" in low or b"your" in low[:16]:
        return False
    return len(set(body)) > 6 and not any(example in token for example in _KNOWN_EXAMPLES)


def _bytes_of_text(content: bytes) -> bytes:
    """As UTF-8: some shells write UTF-16."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace").encode()
    return content
