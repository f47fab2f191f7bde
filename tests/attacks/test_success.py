"""Success is (2xx + 3xx) out of all requests wherever it is shown, and 100 % only where nothing failed."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb import analysis, diagnostics, plots
from createos_nb.cli.demo import table
from createos_nb.percentages import round_down, round_up, success
from tests.attacks.answered import Answered, Counts, asking
from tests.attacks.tally import tally, times

_AREA = "success"
_SAME = "(2xx + 3xx) / total, rounded down; no 100 % where one failed; NA for nothing"
_PLACE = ["project", "environment"]
_FLOAT = Fraction(1, 10**9)


@pytest.fixture
def world() -> Any:
    return createos_nb.simulate("storefront").world


@pytest.fixture
def told(world: Any) -> Answered:
    return Answered(world.transport(), random.Random(1812))


@pytest.fixture
def client(world: Any, told: Answered) -> Any:
    return asking(world, told)


def shown(value: Any, here: Counts) -> bool:
    """Whether a figure or a text such as "99.99 %" is the success of these counts, rounded down to two digits."""
    nothing = bool(pd.isna(value)) or value == "–"
    if nothing or here.success is None:
        return nothing and here.success is None
    hundredths = here.success * 100
    return Fraction(str(value).removesuffix(" %")) * 100 == hundredths.numerator // hundredths.denominator


def exact(value: Any, here: Counts) -> bool:
    """Whether an unrounded percentage is that of these counts, and 100 only where all of them are a success."""
    if here.success is None:
        return bool(pd.isna(value))
    close = abs(Fraction(float(value)) - here.success) <= _FLOAT
    return close and (float(value) < 100) == (here.success < 100)


def rows(told: Answered, client: Any, frame: pd.DataFrame) -> Iterator[tuple[Any, Counts]]:
    """The rows of a fleet's frame with the counts that were given for them."""
    ids = {one: client.environments.list(one).set_index("unique_name")["id"] for one in frame["project"].unique()}
    for _, row in frame.iterrows():
        yield row, told.of(str(ids[row["project"]][row["environment"]]))


def test_every_frame_of_a_fleet_says_the_same_success(told: Answered, client: Any) -> None:
    with (
        tally(_AREA, "random counts of 1xx to 5xx in the frames of a fleet", _SAME) as kept,
        tally(_AREA, "the same frames in tables of the terminal", _SAME) as printed,
    ):
        for _ in range(times(4)):
            told.again()
            overview = client.fleet.overview(start="-1h", refresh=True)
            for row, here in rows(told, client, overview):
                kept.check(shown(row["success_percentage"], here), f"overview: {row['success_percentage']} {here}")
                kept.check(row["status_5xx"] == here.server, f"overview: {row['status_5xx']} {here}")
                kept.check(row["requests"] == here.total, f"overview: {row['requests']} {here}")
            requests = client.fleet.requests_over_time(start="-1h")
            for name, frame in (
                ("summary", analysis.summary(requests)),
                ("success_rate", analysis.success_rate(requests)),
                ("fleet_health", analysis.fleet_health(requests, target=0.99, window="1h")),
            ):
                for row, here in rows(told, client, frame):
                    kept.check(exact(row["success_percentage"], here), f"{name}: {row['success_percentage']} {here}")
                printed.check(same_printed(told, client, frame), f"{name}: {frame[_PLACE]}")
            compared = analysis.compare(requests, requests)
            for row, here in rows(told, client, compared[compared["metric"] == "success_percentage"]):
                kept.check(exact(row["after"], here), f"compare: {row['after']} {here}")
            for row, here in rows(told, client, analysis.rounded(compared[compared["metric"] == "success_percentage"])):
                kept.check(shown(row["before"], here), f"rounded: {row['before']} {here}")
            spread = analysis.distribution(requests)
            for row, here in rows(told, client, spread[spread["status"] == "2xx"]):
                kept.check(row["count"] == here.good, f"distribution: {row['count']} {here}")
                kept.check(row["meaning"] == "fulfilled", f"distribution: 2xx is called {row['meaning']}")
            for row, here in rows(told, client, analysis.rounded(spread)):
                part = row["share_percentage"]
                failed = row["status"] in ("4xx", "5xx") and row["count"] > 0
                kept.check(pd.isna(part) or part < 100 or row["count"] == here.total, f"a share of {part}: {here}")
                kept.check(not failed or part > 0, f"a share of {part} failed: {row['count']} of {here}")


def same_printed(told: Answered, client: Any, frame: pd.DataFrame) -> bool:
    """Whether a table of the terminal shows the success of each row."""
    from rich.console import Console

    console = Console(file=StringIO(), width=400)
    console.print(table("", frame[[*_PLACE, "success_percentage"]]))
    lines = [line for line in console.file.getvalue().splitlines() if line.count("│") == 4]  # type: ignore[attr-defined]
    said = {tuple(part.strip() for part in line.split("│")[1:3]): line.split("│")[3].strip() for line in lines}
    return all(shown(said[row["project"], row["environment"]], here) for row, here in rows(told, client, frame))


def test_every_answer_about_an_environment_says_the_same_success(told: Answered, client: Any) -> None:
    place = client.environments.get("storefront", "production")["id"]
    with tally(_AREA, "random counts of 1xx to 5xx in the answers for an environment", _SAME) as kept:
        for _ in range(times(30)):
            told.again()
            here = told.of(place)
            overall = client.analytics.overall_requests("storefront", "production")
            overview = client.analytics.overview("storefront", "production")
            counted = {
                "total": here.total, "status_2xx": here.good, "status_4xx": here.client, "status_5xx": here.server,
            }  # fmt: skip
            kept.check(overall.to_dict() == counted, f"{overall.to_dict()} {here}")
            kept.check(overview.overall_requests.to_dict() == counted, f"{overview.overall_requests.to_dict()} {here}")
            alone = client.analytics.success_percentage("storefront", "production")
            for said in (alone, overview.success_percentage):
                kept.check(exact(said["success_percentage"], here), f"{said.to_dict()} {here}")
            now = client.clock.now()
            effect = diagnostics.impact(client, "storefront", "production", now - 1800, now - 1200, window="10min")
            for period, value in effect["success_percentage"].items():
                kept.check(exact(value, here), f"effect, {period}: {value} {here}")
            for period, value in analysis.rounded(effect)["success_percentage"].items():
                kept.check(shown(value, here), f"effect, rounded, {period}: {value} {here}")


def test_every_panel_says_the_same_success(told: Answered, client: Any) -> None:
    place = client.environments.get("storefront", "production")["id"]
    with tally(_AREA, "random counts of 1xx to 5xx in the panels", _SAME) as kept:
        for _ in range(times(2)):
            told.again()
            panel = createos_nb.panels.overview(client)
            assert panel.wait(30)
            at = [column["label"] for column in panel._rows.grid.columns].index("Server errors")
            cells = [row["cells"][at]["text"] for row in panel._rows.grid.rows]
            frame = panel.frame
            assert frame is not None
            for cell, (row, here) in zip(cells, rows(told, client, frame), strict=True):
                kept.check(shown(row["success_percentage"], here), f"overview: {row} {here}")
                share = re.fullmatch(r"([\d.]+) %", cell)
                kept.check((share is None) == (here.success is None), f"overview: {cell} {here}")
                kept.check(share is None or (float(share[1]) > 0) == (here.server > 0), f"overview: {cell} {here}")
            panel.close()
        for _ in range(times(6)):
            told.again()
            here = told.of(place)
            panel = createos_nb.panels.traffic(client, "storefront", "production")
            assert panel.wait(30)
            said = re.search(r"([\d.]+ %) answered with 2xx or 3xx", panel._summary.value)
            kept.check(shown(said[1] if said else None, here), f"traffic: {panel._summary.value} {here}")
            broken = re.search(r"5xx: [\d,]+ \(([\d.]+) %\)", panel._summary.value)
            kept.check(broken is None or (float(broken[1]) > 0) == (here.server > 0), f"{panel._summary.value} {here}")
            for row in panel._statuses.rows:
                kept.check(row["cells"][1] != "success", f"traffic: {row['cells']}")
                kept.check(row["cells"][3] != "100" or len(panel._statuses.rows) == 1, f"traffic: {row['cells']}")
            panel.close()


def test_every_plot_says_the_same_success(told: Answered, client: Any, tmp_path: Path) -> None:
    place = client.environments.get("storefront", "production")["id"]
    with tally(_AREA, "random counts of 1xx to 5xx in plots and reports", _SAME) as kept:
        for _ in range(times(4)):
            told.again()
            requests = client.fleet.requests_over_time(start="-1h")
            health = analysis.fleet_health(requests, target=0.99, window="1h")
            below = health[[*_PLACE, "success_percentage", "achieved"]]
            report = plots.fleet_report(health, requests, tables=[("below", below)])
            page = report.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
            texts = {html.unescape(one).strip() for one in re.findall(r">([^<>]+)<", page)}
            listed = report.tables[0].cells
            for one, cells, (row, here) in zip(report.rows, listed, rows(told, client, health), strict=True):
                ours = (one.project, one.environment) == (row["project"], row["environment"])
                kept.check(ours and shown(one.success, here), f"report: {one.success} {here}")
                kept.check(one.success in texts, f"report, page: {one.success}")
                kept.check(shown(cells[2], here), f"report, below: {cells[2]} {here}")
                kept.check(cells[3] != "1" or not here.server, f"report, below: achieved {cells[3]} {here}")
        for _ in range(times(40)):
            told.again()
            here = told.of(place)
            frame = client.analytics.requests_over_time("storefront", "production", start="-1h")
            rates = analysis.success_rate(frame, every="1h")
            changes = analysis.change_points(frame, errors=["4xx", "5xx"])
            drawn = plots.change_points(rates, changes).axes[0].lines[0].get_ydata()
            seen = Fraction(100 * (here.client + here.server), here.total) if here.total else None
            value = float(np.asarray(drawn, dtype=float)[-1])
            right = np.isnan(value) if seen is None else abs(Fraction(value) - seen) <= _FLOAT
            kept.check(bool(right), f"change_points: {value} {here}")


def test_a_replayed_log_with_1xx_has_one_success_everywhere(tmp_path: Path) -> None:
    chance = random.Random(1813)
    client = createos_nb.simulate("storefront")
    with tally(_AREA, "replayed logs with answers of 1xx to 5xx", _SAME) as kept:
        for number in range(times(15)):
            codes = chance.choices([103, 200, 201, 301, 304, 404, 500], k=chance.randint(1, 60))
            log = tmp_path / f"{number}.log"
            when = "02/Mar/2026:08:30:%02d +0000"
            lines = [
                f'192.0.2.1 - - [{when % (at % 60)}] "GET / HTTP/1.1" {code} 10 "-" "curl/8"'
                for at, code in enumerate(codes)
            ]
            log.write_text("\n".join(lines) + "\n", encoding="utf-8")
            fork = createos_nb.simulate(client.world.fork())
            fork.world.replay("storefront", "production", log, query=False)
            here = Counts(*(sum(code // 100 == kind for code in codes) for kind in range(1, 6)))
            window = {"start": "2026-03-02T08:30:00Z", "end": "2026-03-02T08:31:00Z"}
            frame = fork.analytics.requests_over_time("storefront", "production", **window)
            overview = fork.analytics.overview("storefront", "production", **window)
            summary = analysis.summary(frame)
            kept.check(int(frame["count"].sum()) == here.total, f"{frame['count'].sum()} {here}")
            kept.check(overview.overall_requests["total"] == here.total, f"{overview.overall_requests} {here}")
            for said in (overview.success_percentage, summary):
                kept.check(exact(said["success_percentage"], here), f"{said['success_percentage']} {here}")


def test_rounding_never_makes_all_of_what_is_not_all() -> None:
    chance = random.Random(1814)
    with tally(_AREA, "a few failures of up to 10^15 requests, rounded to 0 to 6 digits", _SAME) as kept:
        for _ in range(times(2000)):
            total = round(10 ** chance.uniform(0, 15))
            failed = min(chance.choice([0, 1, 2, round(10 ** chance.uniform(0, 15))]), total)
            digits = chance.randint(0, 6)
            true, scale = Fraction(100 * (total - failed), total), 10**digits
            found = round_down((total - failed) * 100 / total, digits)
            # a step below where the quotient of floats lies next to one
            low = (true * scale).numerator // (true * scale).denominator
            kept.check(round(found * scale) in (low, low - 1, low + 1) and found <= 100, f"{found} {failed} of {total}")
            kept.check((found == 100) == (failed == 0), f"{found}: {failed} of {total}")
            bad = round_up(failed * 100 / total, digits)
            kept.check((bad == 0) == (failed == 0), f"{bad}: {failed} of {total}")
    assert success(99.996) == "99.99 %"
    assert success(99.43) == "99.43 %"
    assert np.isnan(round_down(float("nan")))
