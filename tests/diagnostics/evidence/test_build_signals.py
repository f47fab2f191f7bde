"""Why a build ended: the most exact cause that its log names."""

from __future__ import annotations

import pytest

from createos_nb.diagnostics.evidence.build_signals import read_build


@pytest.mark.parametrize(
    ("lines", "cause", "fact"),
    [
        (
            ["npm error code E401", "npm error 401 Unauthorized - GET https://npm.pkg.github.com/@juniper/pricing"],
            "private_package",
            ("package", "@juniper/pricing"),
        ),
        (
            ["ERROR: package @juniper/pricing is private and NPM_TOKEN is not set among the buildVars"],
            "private_package",
            ("variable", "NPM_TOKEN"),
        ),
        (
            ["fatal: could not read Username for 'https://github.com': terminal prompts disabled"],
            "private_package",
            None,
        ),
        (
            [
                "WARNING: 401 Error, Credentials not correct for https://packages.example.com/simple/juniper-figures/",
                "ERROR: Could not find a version that satisfies the requirement juniper-figures",
            ],
            "private_package",
            None,
        ),
        (["Error: PUBLIC_URL is not defined at build time"], "missing_variable", ("variable", "PUBLIC_URL")),
        (["KeyError: 'SITE_NAME'"], "missing_variable", ("variable", "SITE_NAME")),
        (
            ["ERROR: no package.json in directory /apps/order; it is in: /apps/orders, /apps/mailer; check it"],
            "monorepo_path",
            ("directories", ("/apps/orders", "/apps/mailer")),
        ),
        (["ERROR: the build took longer than 15 minutes and was ended"], "build_timeout", None),
        (
            ["ERROR: health check on port 8080 failed: connection refused; the app listens on 0.0.0.0:8025"],
            "wrong_port",
            ("port", 8025),
        ),
        (["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"], "out_of_memory", None),
        (["src/server.ts(41,17): error TS2339: total.toFixed is not a function"], "build_failed", None),
        (
            ["npm error 404 Not Found - GET https://registry.npmjs.org/@juniper/money@4.0.0 - Not found"],
            "build_failed",
            ("package", "@juniper/money@4.0.0"),
        ),
        ([], "build_failed", None),
    ],
)
def test_why_a_build_ended(lines: list[str], cause: str, fact: tuple[str, object] | None) -> None:
    signal = read_build(["queued", "cloning", *lines])
    assert signal.cause == cause
    if fact:
        assert getattr(signal, fact[0]) == fact[1]
