"""Projects that call each other: what one of them suffers spreads to others."""

from __future__ import annotations

from createos_nb.training.drills.family import Family

FAMILIES = (
    Family(
        "cascade",
        "A release breaks a project that others call, and these fail with it.",
        {"cascade": "errors", "internal_dependency": "errors"},
    ),
    Family(
        "retry_storm",
        "A crowd has come and gone, and retries keep a project that others call at its limit.",
        {"retry_storm": "errors"},
    ),
)
