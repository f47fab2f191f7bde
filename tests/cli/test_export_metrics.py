"""`createos-nb export-metrics`: what it prints and writes, how it ends, and a port that is scraped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from createos_nb.cli import main


@pytest.fixture(autouse=True)
def own_folder(example_folder: Path) -> Path:
    return example_folder


def test_it_prints_text_of_prometheus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export-metrics", "--world", "bad-release"]) == 0
    printed = capsys.readouterr()
    families = {family.name: family for family in text_string_to_metric_families(printed.out)}
    assert families["createos_export_complete"].samples[0].value == 1
    assert printed.err == ""


def test_it_writes_a_textfile_of_some_projects(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export-metrics", "orders-api", "--world", "storefront", "--textfile", "createos.prom"]
    assert main(command) == 0
    text = Path("createos.prom").read_text(encoding="utf-8")
    assert set(re.findall(r'project="([^"]+)"', text)) == {"orders-api"}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--listen", "http"], "--listen takes a port"),
        (["--listen", "127.0.0.1:70000"], "--listen takes a port"),
        (["--every", "soon"], "--every"),
        (["--budget", "0"], "--budget is at least 1"),
        (["--target", "99"], "target= lies between 0 and 1"),
        (["--textfile", "createos.txt"], "whose name ends with .prom"),
        (["--otlp", "localhost:4318"], "--otlp takes an address"),
        (["no-such"], "there is no project 'no-such'"),
    ],
)
def test_wrong_arguments_are_2(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export-metrics", "--world", "bad-release", *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_port_is_scraped_until_it_is_ended() -> None:
    code = "import sys; from createos_nb.cli import main; sys.exit(main(sys.argv[1:]))"
    options = ["export-metrics", "--world", "bad-release", "--listen", "0", "--every", "1s", "--budget", "36000"]
    command = [sys.executable, "-c", code, *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert re.fullmatch(r"serving http://127\.0\.0\.1:\d+/metrics\n", line), line
        end = time.monotonic() + 30
        requests = 0.0
        while requests < 6 and time.monotonic() < end:
            with urllib.request.urlopen(line.split()[1]) as answer:
                families = text_string_to_metric_families(answer.read().decode())
            values = {family.name: family.samples[0].value for family in families}
            requests = values["createos_export_requests"]
            assert values["createos_export_budget_requests"] == 36_000
        assert requests >= 6  # it has read again
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()
