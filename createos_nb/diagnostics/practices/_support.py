"""What several practices need: what an environment is for, and values that may be missing."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.uploads.secret_tokens import assigned_in, form_in

_PRODUCTION: Final = frozenset({"production", "prod", "prd", "live"})
_TRIAL: Final = frozenset(
    {
        *("staging", "stage", "stg", "preview", "review", "qa", "uat", "demo"),
        *("development", "develop", "dev", "test", "testing", "sandbox", "trial"),
    }
)


def is_production(environment: EnvironmentEvidence) -> bool | None:
    """Return whether an environment serves its users: by its name, or by a domain that is routed to it.

    None where neither says so: an environment named "green", without a domain.
    """
    words = set(re.split(r"[^a-z]+", environment.name.lower()))
    if words & _PRODUCTION:
        return True
    if words & _TRIAL:
        return False
    domains = environment.row["extra_custom_domains"]
    return True if isinstance(domains, list) and domains else None


def text(row: pd.Series, name: str) -> str:
    """Return a text of a row, "" where it is missing."""
    value = row[name]
    return value.strip() if isinstance(value, str) else ""


def flag(row: pd.Series, name: str) -> bool | None:
    """Return a flag of a row, None where it is missing."""
    value = row[name]
    return None if pd.isna(value) else bool(value)


def whole(row: pd.Series, name: str) -> int | None:
    """Return a whole number of a row, None where it is missing."""
    value = row[name]
    return None if pd.isna(value) else int(value)


def mapping(row: pd.Series, name: str) -> dict[str, Any]:
    """Return a map of a row, empty where there is none."""
    value = row[name]
    return value if isinstance(value, dict) else {}


def secret_in(content: str) -> str:
    """Return what kind of secret a text holds, never the secret; "" where there is none."""
    raw = content.encode("utf-8", "replace")
    return form_in(raw) or ("something named like a secret, with its value" if assigned_in(raw) else "")


def quoted(content: str) -> str:
    """Return a text as evidence repeats it: without what may be a secret."""
    return "(not shown, for it holds a secret)" if secret_in(content) else repr(content[:80])


def slug(name: str) -> str:
    """Return a name for people as a part of a unique name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def days(duration: pd.Timedelta) -> str:
    """Return a duration in days, in words."""
    count = int(duration / pd.Timedelta(days=1))
    return f"{count:,} day{'' if count == 1 else 's'}"


def count(number: int, what: str) -> str:
    """Return a number with its word, in the plural where that is due."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
