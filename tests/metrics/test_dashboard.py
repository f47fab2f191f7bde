"""The dashboard for Grafana: what it asks for is exported, in PromQL that can be read, and its form is Grafana's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from createos_nb.causes import Status
from createos_nb.data_files import folder
from createos_nb.metrics import METRICS
from createos_nb.metrics.counts import CODES, OTHER

FILE = folder("data") / "grafana" / "createos.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
LABELS = {metric.exposed: set(metric.labels) for metric in METRICS}
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
EXPRESSIONS += [one["expr"] for one in DASHBOARD["annotations"]["list"]]
#: Of the panel's own: Grafana fills them in.
MACROS = {"$project": ".*", "$environment": ".*", "$__interval": "5m"}


def plain(expression: str) -> str:
    for macro, value in MACROS.items():
        expression = expression.replace(macro, value)
    return expression


def selectors(expression: str) -> list[tuple[str, str]]:
    return re.findall(r"(createos_\w+)(?:\{([^}]*)\})?", expression)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_expression_is_promql_and_names_exported_metrics(expression: str) -> None:
    promql_parser.parse(plain(expression))
    assert "$" not in plain(expression)
    found = selectors(expression)
    assert found
    for name, matchers in found:
        assert name in LABELS
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= LABELS[name]


def test_the_values_of_labels_that_it_asks_for_are_exported() -> None:
    text = "\n".join(EXPRESSIONS)
    statuses = {word for value in re.findall(r'status=~?"([^"]+)"', text) for word in value.split("|")}
    assert statuses <= set(Status.__args__)  # type: ignore[attr-defined]
    assert set(re.findall(r'code=~?"([^"]+)"', text)) <= {*CODES, OTHER}


def test_counters_are_asked_for_by_their_rise_alone() -> None:
    for expression in EXPRESSIONS:
        for name in re.findall(r"createos_\w+_total", expression):
            rises = re.findall(rf"(?:rate|increase)\({name}", expression)
            assert len(rises) == expression.count(name)


def test_variables_ask_for_labels_that_are_there() -> None:
    queries = [one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert len(queries) == 2
    for query in queries:
        match = re.fullmatch(r"label_values\((createos_\w+)(?:\{.*\})?, (\w+)\)", query)
        assert match is not None
        assert match[2] in LABELS[match[1]]


def test_its_form_is_that_of_grafanas_own_types() -> None:
    """What the types of Grafana's SDK don't know is lost on the way through them."""
    back = json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD)))
    lost = {path for path in paths(DASHBOARD) - paths(back) if not path.startswith(("/annotations", "/templating"))}
    assert lost == set()
    broken = json.loads(json.dumps(DASHBOARD).replace('"gridPos"', '"gridPosition"'))
    assert paths(broken) - paths(json.loads(JSONEncoder().encode(Dashboard.from_json(broken))))


def paths(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {one for key, item in value.items() for one in paths(item, f"{path}/{key}")}
    if isinstance(value, list):
        return {one for item in value for one in paths(item, f"{path}[]")} | {path}
    return {path}


def test_panels_do_not_overlap_and_fill_their_rows() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert {x for x, _ in taken} == set(range(24))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    height = 1 + max(y for _, y in taken)
    assert len(taken) == 24 * height


def test_the_statuses_of_its_timeline_have_names() -> None:
    (target,) = PANELS["Status"]["targets"]
    factors = dict(re.findall(r'(\d) \* max by .*?status="(\w+)"', target["expr"]))
    (mapping,) = PANELS["Status"]["fieldConfig"]["defaults"]["mappings"]
    names = {number: option["text"] for number, option in mapping["options"].items()}
    assert names == {**factors, "0": "unknown"}


def test_it_is_in_the_package() -> None:
    assert FILE.is_file()
    assert Path(FILE).read_text(encoding="utf-8") == json.dumps(DASHBOARD, indent=2, ensure_ascii=False) + "\n"
