"""The text of Prometheus: escaped, whole, counted on from run to run, and served without a request to the platform."""

from __future__ import annotations

import stat
import threading
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

import createos_nb
from createos_nb.errors import InvalidInput
from createos_nb.metrics import METRICS, Exporter, Reading
from createos_nb.metrics.export import Targets, export
from createos_nb.metrics.prometheus import Port, counts_in, text_of, write_textfile


@pytest.fixture(scope="module")
def reading() -> Reading:
    client = createos_nb.simulate("bad-release")
    exporter = Exporter(client, every=300)
    exporter.read()
    client.world.advance("10min")
    return exporter.read()


def test_each_metric_has_its_kind_and_its_sentence(reading: Reading) -> None:
    families = {family.name: family for family in text_string_to_metric_families(text_of(replace(reading, budget=600)))}
    assert set(families) == {metric.name for metric in METRICS}
    for metric in METRICS:
        assert (families[metric.name].type, families[metric.name].documentation) == (metric.kind, metric.help)
        assert all(set(sample.labels) == set(metric.labels) for sample in families[metric.name].samples)


def test_labels_are_escaped(reading: Reading) -> None:
    name = 'a"b\\c\nd} 1\nevil 2'
    row = reading.environments.iloc[:1].assign(project=name)
    families = list(text_string_to_metric_families(text_of(replace(reading, environments=row))))
    assert not [family for family in families if "evil" in family.name]
    (found,) = [family for family in families if family.name == "createos_environment_replicas"]
    assert found.samples[0].labels["project"] == name


def test_a_textfile_is_read_by_others_and_replaced_at_once(reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "createos.prom"
    write_textfile(path, reading)
    assert path.read_text(encoding="utf-8") == text_of(reading)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["createos.prom"]
    assert counts_in(path) == reading.counts
    with pytest.raises(InvalidInput, match=r"whose name ends with \.prom"):
        write_textfile(tmp_path / "createos.txt", reading)


def test_counters_of_a_textfile_are_counted_on(tmp_path: Path) -> None:
    """As cron runs it: each time in a process of its own."""
    client, path = createos_nb.simulate("bad-release"), tmp_path / "createos.prom"
    place = ("storefront", "production")
    first = export(createos_nb.simulate(client.world), Targets(textfile=path)).counts[place]
    assert set(first.requests.values()) == {0}
    for _ in range(2):
        client.world.advance("15min")
        last = export(createos_nb.simulate(client.world), Targets(textfile=path)).counts[place]
    start, end = (pd.Timestamp(one.until, unit="s", tz="UTC") for one in (first, last))
    truth = client.analytics.requests_over_time(*place, start=start, end=end).sum()
    assert last.requests["5xx"] == truth["status_5xx"] > 0
    assert last.uncounted == 0
    client.world.advance("3h")
    late = export(createos_nb.simulate(client.world), Targets(textfile=path)).counts[place]
    assert late.uncounted == 2 * 3600 + 5 * 60  # the last hour is read; before it nobody has
    assert all(late.requests[code] >= count for code, count in last.requests.items())


@pytest.mark.parametrize("text", ["no metrics {", "createos_environment_requests_counted_until_timestamp_seconds x"])
def test_a_file_of_another_kind_is_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.prom"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="move it away"):
        export(createos_nb.simulate("bad-release"), Targets(textfile=path))
    assert path.read_text(encoding="utf-8") == text


def test_a_reading_that_stands_alone_has_no_counters() -> None:
    text = text_of(export(createos_nb.simulate("bad-release"), Targets()))
    assert "_total" not in text
    assert "createos_environment_recent_requests{" in text


def test_a_port_shows_each_new_reading_until_it_is_ended() -> None:
    client, cancel, urls, found = createos_nb.simulate("bad-release"), threading.Event(), [], []

    def scrape(reading: Reading, problem: str) -> None:
        with urllib.request.urlopen(urls[0]) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        found.append({family.name: family.samples[0].value for family in families}["createos_export_requests"])
        assert found[-1] == reading.requests_total == len(client.log())
        if len(found) == 3:
            cancel.set()

    last = export(client, Targets(port=0), every=0.01, cancel=cancel, on_listen=urls.append, on_reading=scrape)
    assert found == sorted(set(found))
    assert len(found) == 3
    assert last.requests_total == found[-1]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(urls[0])


def test_a_scrape_gets_the_last_reading(reading: Reading) -> None:
    with closing(Port(0)) as port:
        with urllib.request.urlopen(port.url) as answer:
            assert answer.read() == b""
        port.last = reading
        with urllib.request.urlopen(port.url) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            assert answer.read().decode() == text_of(reading)
