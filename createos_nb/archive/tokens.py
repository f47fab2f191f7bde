"""Known forms of tokens and keys, and of files that hold them, told apart from code that only speaks of them."""

from __future__ import annotations

import re
from typing import Final

#: A key in PEM, also inside JSON, with its content: source code that only mentions the first line is none.
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\s|\\[rn])+"
    rb"(?:[A-Za-z][A-Za-z0-9-]*: [^\n\\]{0,200}(?:\r?\n|\\n)\s*)*"
    rb"(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[rn])*){2,}"
)
_NETWORK_KEY: Final = re.compile(rb"(?im)^[ \t]*(?:private|preshared)key[ \t]*=[ \t]*[A-Za-z0-9+/]{43}=")
_ROWS: Final = re.compile(rb"(?im)^(?:INSERT INTO |COPY .{1,400} FROM stdin;)")
_DUMP: Final = (b"-- MySQL dump", b"-- MariaDB dump", b"-- PostgreSQL database dump", b"-- PostgreSQL database cluster")

#: Each form as its maker describes it: a fixed beginning, then so many characters. Names are what a person is told.
_FORMS: Final[tuple[tuple[str, bytes, bytes], ...]] = (
    ("an AWS key", b"A", rb"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    ("an AWS secret key", b"aws_secret", rb"(?i:aws_secret_access_key)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}"),
    ("a Google API key", b"AIza", rb"AIza[0-9A-Za-z_-]{35}"),
    ("a Google OAuth secret", b"GOCSPX-", rb"GOCSPX-[0-9A-Za-z_-]{28}"),
    ("a GitHub token", b"gh", rb"gh[pousr]_[0-9A-Za-z]{36,}"),
    ("a GitHub token", b"github_pat_", rb"github_pat_[0-9A-Za-z_]{60,}"),
    ("a GitLab token", b"gl", rb"gl(?:pat|dt|rt|ptt|cbt|soat)-[0-9A-Za-z_-]{20,}"),
    ("an npm token", b"npm_", rb"npm_[0-9A-Za-z]{36}"),
    ("a PyPI token", b"pypi-", rb"pypi-AgE[0-9A-Za-z_-]{50,}"),
    ("a Slack token", b"xox", rb"xox[abeoprs]-[0-9A-Za-z-]{20,}"),
    (
        "a Slack webhook",
        b"hooks.slack.com",
        rb"hooks\.slack\.com/services/T[0-9A-Z]{6,}/B[0-9A-Z]{6,}/[0-9A-Za-z]{20,}",
    ),
    ("a Stripe key", b"_live_", rb"[rs]k_live_[0-9A-Za-z]{20,}"),
    ("a Stripe webhook secret", b"whsec_", rb"whsec_[0-9A-Za-z]{32,}"),
    ("a SendGrid key", b"SG.", rb"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}"),
    ("a Twilio key", b"SK", rb"SK[0-9a-f]{32}"),
    ("an Anthropic key", b"sk-ant-", rb"sk-ant-[0-9A-Za-z_-]{30,}"),
    ("an OpenAI key", b"sk-", rb"sk-(?:proj-|svcacct-|admin-)[0-9A-Za-z_-]{40,}|sk-[0-9A-Za-z]{48}"),
    ("a key of this platform", b"skp_", rb"skp_[0-9A-Za-z_-]{16,}"),
    ("a Hugging Face token", b"hf_", rb"hf_[0-9A-Za-z]{34,}"),
    ("a DigitalOcean token", b"do", rb"do[opr]_v1_[0-9a-f]{64}"),
    ("a Shopify token", b"shp", rb"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("a Mailgun key", b"key-", rb"(?<![0-9A-Za-z])key-[0-9a-f]{32}"),
    ("a Telegram token", b":AA", rb"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}"),
    ("a signed token (JWT)", b"eyJ", rb"eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,}"),
    (
        "an address with a password",
        b"://",
        rb"(?i:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|clickhouse|smtps?|ftps?)(?:\+[a-z0-9]+)?"
        rb"://[^\s:/@\"'<>]{0,64}:(?P<value>[^\s:/@\"'<>]{3,128})@(?!(?:localhost|127\.0\.0\.1|db|postgres)(?![0-9A-Za-z.-]))[0-9A-Za-z]",
    ),
)
_READ: Final = tuple(
    (name, begins, re.compile(rb"(?<![0-9A-Za-z_])(?:" + form + rb")(?![0-9A-Za-z])" if begins != b"://" else form))
    for name, begins, form in _FORMS
)
#: Values that stand for a value: `${NAME}`, `<password>`, `%(name)s`, `changeme`, `xxxx`, a word repeated.
_MADE_UP: Final = re.compile(
    rb"(?i)[$%{<\[]|example|sample|placeholder|dummy|change.?me|replace|your|insert|todo|redacted|x{4}|\*{3}|\.{3}"
    rb"|^(?:pass(?:word|wd)?|pwd|secret|token|user(?:name)?|test|root|null|none|true|false|env\W.*|getenv.*)$"
)
_ASSIGNED: Final = re.compile(
    rb"(?im)^(?![ \t]*(?:#|;|//(?!\S*:_)|\*|<!--)).{0,200}?"
    rb"(?:_auth(?:token)?|password|passwd|pwd|authtoken|auth_token|oauth_token|authident|token|secret|api_?key"
    rb"|(?:auth|logged_in|nonce|secure_auth)_(?:key|salt))"
    rb"[\"']?[ \t]*(?:=>|[:=,]|>|[\"'][ \t]+value=)[ \t]*(?P<quoted>[\"']?)(?P<value>[^\s\"',;)<]{4,400})"
)


def private_key(content: bytes) -> bool:
    """Whether a private key is in it, with its content."""
    return b"PRIVATE KEY" in content and _PRIVATE_KEY.search(content) is not None


def store(content: bytes) -> str:
    """Why a file is a store of secrets, or a dump of a database, whatever its name; an empty text where it is none."""
    head = content[:4096]
    if head.startswith((b"# Netscape HTTP Cookie File", b"# HTTP Cookie File")) or (
        head.startswith(b"SQLite format 3\0") and (b"host_key" in content or b"moz_cookies" in content)
    ):
        return "secret: cookies of a browser"
    if head.lstrip().startswith(b"[") and b'"httpOnly"' in head and b'"domain"' in head and b'"value"' in head:
        return "secret: cookies of a browser"
    if b"[Interface]" in content and _NETWORK_KEY.search(content):
        return "secret: access to a private network"
    if head.startswith(b"PGDMP") or (any(one in head for one in _DUMP) and _ROWS.search(content)):
        return "dump: the rows of a database"
    if b"client-key-data:" in content and b"clusters:" in content:
        return "secret: keys of a cluster"
    return ""


def forms(content: bytes) -> list[str]:
    """What known tokens are in it, in words, each once; made-up values of documentation are none."""
    found: dict[str, None] = {}
    for name, begins, form in _READ:
        if begins not in content and begins != b"aws_secret":
            continue
        for match in form.finditer(content):
            value = match["value"] if "value" in form.groupindex else match[0]
            # a handful of different characters is somebody's x's and zeros
            if not _MADE_UP.search(value) and (len(set(value)) > 7 or "value" in form.groupindex):
                found[name] = None
                break
    return list(found)


def assigned(content: bytes) -> bool:
    """Whether a password or token stands there itself, and not the name of a variable. For settings, not for code."""
    return any(not _MADE_UP.search(match["value"]) for match in _ASSIGNED.finditer(content))
