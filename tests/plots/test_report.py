"""A report stands alone as HTML and PDF, says what its frames say, and shows foreign text as text."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis, plots
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput

HOSTILE = "<script>alert('x')</script>$\\frac{1}{2}$&\x07"
DAY = pd.date_range("2026-03-02", periods=1440, freq="min", tz="UTC", unit="us", name="time")


def environment(project, name, *, rate=50, bad=0):
    count = np.random.default_rng(3).poisson(rate, len(DAY))
    columns = {"count": count, "status_2xx": count - bad, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad}
    frame = pd.DataFrame(columns, index=DAY).astype("Int64").reset_index()
    return frame.assign(project=project, environment=name).astype({"project": TEXT, "environment": TEXT})


def fleet(*parts):
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs = {"bucket_seconds": 60, "where": "PLATFORM https://api.example", "at": "2026-03-03T00:00:00Z"}
    return frame


BAD = np.where(np.arange(len(DAY)) > 1400, 10, 0)
COUNTS = ["count", "status_2xx", "status_3xx", "status_4xx", "status_5xx"]
UNSEEN = environment("quiet", "unseen")
UNSEEN = UNSEEN.assign(**{name: UNSEEN[name].where(UNSEEN[name] < 0) for name in COUNTS})
FLEET = fleet(environment("shop", "production", bad=BAD), environment(HOSTILE, "staging"), UNSEEN)
HEALTH = analysis.fleet_health(FLEET, target=0.99, window="1d")


def report(**options):
    changes = pd.DataFrame({"time": [DAY[3], pd.NaT], "what_changed": [HOSTILE, "v2"], "requests": [12345, 2]})
    return plots.fleet_report(HEALTH, FLEET, tables=[("Changes", changes)], **options)


class Reader(HTMLParser):
    """Tags, attributes and texts as a browser would have them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.links, self.texts, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "path"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def test_the_html_stands_alone_and_foreign_text_is_text(tmp_path):
    path = report().to_html(tmp_path / "fleet.html")
    html = path.read_text(encoding="utf-8")
    page = read(html)
    assert "script" not in page.tags
    assert page.links == []
    assert "url(" not in html
    assert "@import" not in html
    shown = HOSTILE.replace("\x07", "\\x07")
    assert sum(shown in text for text in page.texts) == 2  # the project and the change
    assert html.startswith("<!doctype html>")


def test_every_environment_has_its_row_with_its_figures():
    page = read(report()._repr_html_())
    texts = " | ".join(page.texts[1:])  # the first is the style
    assert page.tags.count("svg") >= len(HEALTH)
    assert texts.index("shop") < texts.index("quiet")  # the one that alerts stands first
    assert HEALTH.attrs["sentence"] in texts
    assert "PLATFORM https://api.example · asked 2026-03-03 00:00 UTC" in texts
    assert "2026-03-02 00:00 to 2026-03-03 00:00 UTC" in texts
    assert f"{int(HEALTH['requests'].iloc[0]):,}" in texts
    assert "no data" in texts
    assert "12,345" in texts
    assert "what changed" in texts
    assert not re.search(r"\bnan\b|NaT|<NA>", texts)


def test_missing_buckets_are_no_ground_in_the_small_plot():
    gone = (FLEET["project"] == "shop") & (FLEET["time"] >= DAY[720])
    half = FLEET.assign(**{name: FLEET[name].mask(gone) for name in COUNTS})
    row = next(one for one in plots.fleet_report(HEALTH, half).rows if one.project == "shop")
    assert np.isfinite(row.traffic[: len(row.traffic) // 2 - 1]).all()
    assert np.isnan(row.traffic[len(row.traffic) // 2 + 1 :]).all()


def test_a_share_is_never_rounded_up_to_all():
    health = HEALTH.assign(success_percentage=99.9996, success_low=99.9991, success_high=99.9999)
    row = plots.fleet_report(health, FLEET).rows[0]
    assert row.success == "99.99 %"
    assert row.interval == "99.99 to 100.00"


@pytest.mark.slow
def test_the_pdf_has_pages_fonts_and_the_same_bytes_each_time(tmp_path):
    first = report().to_pdf(tmp_path / "a.pdf").read_bytes()
    assert first == report().to_pdf(tmp_path / "b.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert re.search(rb"/Count 1\b", first)
    assert b"/FontFile2" in first  # letters, not outlines: they can be searched
    streams = b"".join(
        zlib.decompress(part)
        for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", first, re.S)
        if part[:1] == b"x"
    )
    characters = b"".join(re.findall(rb"\(([^()]*)\)", streams)).replace(b"\x00", b"")
    assert b"production" in characters
    assert str(tmp_path).encode() not in first


def test_a_large_fleet_takes_more_pages_and_every_environment_is_on_one():
    names = [f"env-{number:03d}" for number in range(80)]
    parts = [environment("shop", name).iloc[:60] for name in names]
    frame = fleet(*parts)
    figures = plots.fleet_report(analysis.fleet_health(frame), frame).pages()
    drawn = [text.get_text() for figure in figures for text in figure.axes[0].texts]
    assert len(figures) == 3
    assert sorted(name for name in drawn if name.startswith("env-")) == names
    for figure in figures:
        assert all(0 < text.get_position()[1] < 11.69 for text in figure.axes[0].texts)


def test_a_long_table_says_how_much_is_left_out():
    table = pd.DataFrame({"path": [f"/{number}" for number in range(100)]})
    html = plots.fleet_report(HEALTH, FLEET, tables=[("Paths", table), ("Empty", table.iloc[:0])])._repr_html_()
    assert "and 60 more" in html
    assert ">nothing<" in html


def test_releases_stand_above_the_other_tables_with_the_bound_on_wrong_names():
    times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
    old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
    worse, same, down = (analysis.release_verdict(old, old.assign(status_5xx=count)) for count in (9, 1, 198))
    found = analysis.release_discoveries({"api": same, HOSTILE: worse, "shop / production": down}, rate=0.1)
    # a side that is down is rolled back before there is much evidence
    assert (found.attrs["down"], found.index[found["worse"]].tolist()) == (["shop / production"], [HOSTILE])
    first, second = report(releases=found).tables
    assert first.heading == (
        "Releases: 1 of 3 is worse; of those named so, 10 % are expected to be healthy, at most. "
        "Down, by a rule of its own: shop / production"
    )
    assert [row[-1] for row in first.cells] == ["yes", "no", "no"]
    assert [row[0] for row in first.cells[1:]] == ["shop / production", "api"]
    assert second.heading == "Changes"
    assert HOSTILE not in report(releases=found)._repr_html_()
    healthy = report(releases=analysis.release_discoveries({"api": same})).tables[0]
    assert healthy.heading == "Releases: 0 of 1 are worse"
    with pytest.raises(InvalidInput, match=r"releases is no frame of releases: .* analysis.release_discoveries"):
        report(releases=HEALTH)


def test_the_text_form_is_one_line_that_does_not_change():
    assert repr(report(title="March")) == f"<Report: March, 3 environments. {HEALTH.attrs['sentence']}>"
    assert repr(report()) == repr(report())


@pytest.mark.parametrize("suffix", ["html", "pdf"])
def test_a_folder_that_is_not_there_is_the_usual_error(tmp_path, suffix):
    write = getattr(report(), f"to_{suffix}")
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "absent" / f"fleet.{suffix}")


def test_html_needs_no_matplotlib():
    code = (
        "import sys, pandas as pd; from createos_nb import plots; "
        "from createos_nb.plots import report, report_html; print('matplotlib' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_what_could_not_be_read_is_said_on_the_page():
    frame = FLEET.copy()
    frame.attrs |= {"failed": {"shop/<b>": "503"}, "skipped": {"old": "suspended"}}
    made = plots.fleet_report(HEALTH, frame)
    texts = " ".join(read(made._repr_html_()).texts)
    assert "Could not be read, and not on this page: shop/<b>." in texts
    assert "left out: old (suspended)" in texts
    assert "Could not be read" not in report().sentence


def test_a_section_for_each_app_the_most_urgent_first_and_those_in_none_last() -> None:
    apps = {"shop": "Store", "no-such-project": "Nothing"}
    page = report(apps=apps)
    projects = [row.project for row in page.rows]
    headings = [heading for heading, _ in page.sections()]
    assert headings[0].startswith("Store: ")
    assert headings[-1].startswith("In no app: ")
    assert len(headings) == 2
    assert {row.project for row in page.sections()[0][1]} == {"shop"}
    assert sum(len(rows) for _, rows in page.sections()) == len(projects)
    html = page._repr_html_()
    assert all(f"<h2>{heading}</h2>" in html for heading in headings)
    assert html.count('<th scope="col"') > report()._repr_html_().count('<th scope="col"')
    drawn = [text.get_text() for figure in page.pages() for text in figure.axes[0].texts]
    assert all(heading in drawn for heading in headings)


def test_without_apps_there_is_one_part_without_a_heading() -> None:
    assert [(heading, len(rows)) for heading, rows in report().sections()] == [("", len(report().rows))]
    assert report(apps={}).sections()[0][0] == ""


def test_the_apps_of_the_fleet_are_those_of_its_frame() -> None:
    frame = FLEET.copy()
    frame.attrs = {**FLEET.attrs, "apps": {"shop": "Store"}}
    page = plots.fleet_report(analysis.fleet_health(frame), frame, apps=True)
    assert page.sections()[0][0].startswith(("Store: ", "In no app: "))
    frame.attrs.pop("apps")
    with pytest.raises(InvalidInput, match="requests_over_time"):
        plots.fleet_report(HEALTH, frame, apps=True)
    with pytest.raises(InvalidInput, match="mapping"):
        plots.fleet_report(HEALTH, frame, apps="Store")  # type: ignore[arg-type]
