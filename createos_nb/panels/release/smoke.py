"""A smoke test of an environment: each path is requested at its own address; the result is a table of claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.checks import Check, check
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.html import Html, escaped
from createos_nb.panels.assign import known
from createos_nb.panels.icons import status as result_html

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def smoke_test(client: Client, project: str, environment: str, paths: list[str], times: int = 3) -> pd.DataFrame:
    """Request each path of an environment at its own address, so many times.

    Columns: path, ok (success, failed), status (Int64), version (str), ms (Float64), error (str). Raises
    `InvalidInput` where the environment has no address.
    """
    address = known(client.environments.get(project, environment)["endpoint"])
    if not address:
        raise InvalidInput(f"environment {environment} has no address to send requests to")
    rows = []
    for path in paths * times:
        response = client.probe(address.rstrip("/") + path)
        rows.append(
            {
                "path": path,
                "ok": "success" if response["ok"] else "failed",
                "status": response["status"],
                "version": known(response["version"]),
                "ms": response["ms"],
                "error": known(response["error"]),
            }
        )
    frame = pd.DataFrame(rows, columns=["path", "ok", "status", "version", "ms", "error"])
    return frame.astype({"status": "Int64", "ms": "Float64"})


def smoke_checks(frame: pd.DataFrame) -> list[Check]:
    """Return what a smoke test shows: a claim a path.

    Args:
        frame: What `smoke_test` returns.

    Returns:
        The checks, in the order of the paths; NO DATA where nothing was requested.

    Examples:
        >>> from createos_nb.panels.release.smoke import smoke_checks, smoke_test
        >>> frame = smoke_test(createos_nb.simulate(), "storefront", "green", ["/"])
        >>> smoke_checks(frame)[0].result
        'PASS'
    """
    claims = []
    for path, rows in frame.groupby("path", sort=False):
        passed = int((rows["ok"] == "success").sum())
        figure = f"{passed} of {len(rows)}"
        versions = [f"v{version}" for version in dict.fromkeys(rows["version"]) if version]
        figure += f", by {' and '.join(versions)}" if versions else ", by an unknown version"
        if rows["ms"].notna().any():
            figure += f", {float(rows['ms'].max()):,.0f} ms at most"
        bad = rows[rows["ok"] != "success"]
        statuses = bad["status"].astype(TEXT).fillna("no answer")
        why = [str(error or status) for error, status in zip(bad["error"], statuses, strict=True)]
        figure += f": {', '.join(dict.fromkeys(why))}" if why else ""
        claims.append(check(f"{path} is answered below 400", passed == len(rows), figure))
    return claims or [check("the paths are answered below 400", None, "nothing was requested")]


def smoke_html(frame: pd.DataFrame) -> Html:
    """Return a smoke test as a table of claims, each with its result as a word and an icon.

    Args:
        frame: What `smoke_test` returns.

    Returns:
        The markup; all that came from the platform is escaped.

    Examples:
        >>> from createos_nb.panels.release.smoke import smoke_html, smoke_test
        >>> frame = smoke_test(createos_nb.simulate(), "storefront", "green", ["/"])
        >>> "PASS" in smoke_html(frame)
        True
    """
    rows = "".join(
        f"<tr><td>{result_html(one.result)}</td><td>{escaped(one.claim)}</td><td>{escaped(one.figure)}</td></tr>"
        for one in smoke_checks(frame)
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Result", "Claim", "Requests"))
    return Html(
        '<table class="createos-claims"><caption>Smoke test</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
