"""Attacks on secrets: some are planted, in every way in, and looked for wherever something is shown, kept or raised."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import pprint
import random
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import rich.console
import rich.pretty

import createos_nb
from createos_nb import Secret, export, panels, runbooks
from createos_nb.client.client import Client
from createos_nb.client.connect import credentials, profiles
from createos_nb.panels.secret import SecretField
from createos_nb.redaction import MASK
from createos_nb.redactor import Redactor
from tests.attacks.planted import caught, leaks, values, with_variables
from tests.attacks.tally import tally, times

AREA = "secrets"


# --- the type ---------------------------------------------------------------------------------------------------------


def _rich(value: object, *, inside: bool = False) -> str:
    file = io.StringIO()
    console = rich.console.Console(file=file, width=500)
    console.print(value)
    console.print(rich.pretty.Pretty(value, max_string=10_000))
    if inside:
        rich.inspect(value, console=console, all=True)
    return file.getvalue()


def _arrow(secret: Secret) -> object:
    return pa.array([secret])


def _parquet(secret: Secret) -> bytes:
    file = io.BytesIO()
    pd.DataFrame({"a": [secret]}).to_parquet(file)
    return file.getvalue()


#: Each takes a secret and gives what is shown of it; whatever it raises is looked through, too.
TAKEN: dict[str, Callable[[Secret], object]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda s: f"{s} {s!r} {s!s:>200} {s!a}",
    "percent": lambda s: "%s %r" % (s, s),  # noqa: UP031  # one of the ways to print it
    "format": "{} {!r}".format,
    "plus": lambda s: s + "",
    "added to": lambda s: "" + s,
    "times": lambda s: s * 2,
    "slice": lambda s: s[:20],
    "index": lambda s: s[0],
    "iterate": list,
    "length": len,
    "join": lambda s: "".join([s]),
    "strip": lambda s: s.strip(),
    "encode": lambda s: s.encode(),
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "in": lambda s: "a" in s,
    "textwrap": lambda s: textwrap.fill(s),
    "pprint": lambda s: pprint.pformat({"a": [s], "b": (s,)}),
    "rich": lambda s: _rich(s, inside=True),
    "vars": vars,
    "dir": lambda s: [getattr(s, name) for name in dir(s) if name != "reveal"],
    "json": lambda s: json.dumps({"a": s}),
    "json, by text": lambda s: json.dumps({"a": s}, default=str),
    "json, by repr": lambda s: json.dumps({"a": s}, default=repr),
    "msgspec": msgspec.json.encode,
    "msgspec, builtins": msgspec.to_builtins,
    "pickle": lambda s: pickle.dumps({"a": s}),
    "pickle of a frame": lambda s: pickle.dumps(pd.DataFrame({"a": [s]})),
    "copy": lambda s: repr([copy.copy(s), copy.deepcopy({"a": s})]),
    "numpy": lambda s: np.array([s]).astype(str).tolist(),
    "numpy, bytes": lambda s: np.array([s]).astype("S").tolist(),
    "numpy, U": lambda s: np.array([s], dtype="U").tolist(),
    "arrow": _arrow,
    "arrow, text": lambda s: pa.array([s], type=pa.string()),
    "parquet": _parquet,
    "series": lambda s: [pd.Series({"a": s}), pd.Series({"a": s}).to_dict(), pd.Series([s]).to_string()],
    "records": lambda s: pd.DataFrame([{"secret": s}, {"secret": s}]).to_string(),
    "json_normalize": lambda s: pd.json_normalize([{"settings": {"runEnvs": {"A": s}}}]).to_string(),
    "to_csv": lambda s: pd.Series([s]).to_csv(),
    "to_json": lambda s: pd.DataFrame({"a": [s, s]}).to_json(),
    "to_json, by text": lambda s: pd.DataFrame({"a": [s, s]}).to_json(default_handler=str),
    "to_html": lambda s: pd.DataFrame({"a": [s]}).to_html(),
    "to_markdown": lambda s: pd.DataFrame({"a": [s]}).to_latex(),
    "astype str": lambda s: pd.Series([s, s]).astype("str").tolist(),
    "astype string": lambda s: pd.Series([s, s]).astype("string").tolist(),
    "astype category": lambda s: pd.Series([s, s]).astype("category").to_string(),
    "convert_dtypes": lambda s: pd.DataFrame({"a": [s]}).convert_dtypes().to_csv(),
    "infer_objects": lambda s: pd.Series([s], dtype=object).infer_objects().to_csv(),
    "str accessor": lambda s: pd.Series([s], dtype=object).str[:20].tolist(),
    "sort_values": lambda s: pd.Series([s, s, None]).sort_values().to_csv(),
    "value_counts": lambda s: pd.Series([s, s]).value_counts().to_string(),
    "merge": lambda s: pd.DataFrame({"a": [s]}).merge(pd.DataFrame({"a": [s], "b": 1})).to_csv(),
    "groupby": lambda s: pd.DataFrame({"a": [s, s], "b": 1}).groupby("a", sort=False).sum().to_csv(),
    "pivot": lambda s: pd.DataFrame({"a": [s], "b": ["x"], "c": 1}).pivot(index="a", columns="b").to_string(),
    "concat": lambda s: pd.concat([pd.Series([s]), pd.Series(["x"])]).to_csv(),
    "styler": lambda s: pd.DataFrame({"a": [s]}).style.to_html(),
    "index of pandas": lambda s: pd.Index([s]).astype("str").tolist(),
    "regular expression": lambda s: pd.Series([s], dtype=object).str.extract("(.*)").to_csv(),
}


def _seen(look: Callable[[Secret], object], secret: Secret) -> str:
    """What a look at a secret shows, or all that its refusal says and carries."""
    try:
        found = look(secret)
    except Exception as error:  # noqa: BLE001  # whatever is raised is looked through
        return "\n".join(with_variables(error).values())
    return found.decode("latin-1") if isinstance(found, bytes) else str(found)


def test_nothing_that_takes_characters_gets_those_of_a_secret() -> None:
    with tally(AREA, "Secret given to str, pandas, numpy, Arrow, JSON, pickle, rich …", "no value is shown") as kept:
        planted = values(times(6))
        for number, value in enumerate(planted):
            secret = Secret(value)
            for name, look in TAKEN.items():
                kept.check(not (found := leaks(value, _seen(look, secret))), f"{name} ({number}): {found[:1]}")


def test_a_secret_equals_its_text_and_is_hashed_like_it() -> None:
    dice = random.Random(11)
    with tally(AREA, "comparing and hashing", "as its text, nothing else") as kept:
        for value in values(times(200), seed=5):
            other = value[: dice.randrange(len(value))] + "\ud800"
            secret = Secret(value)
            kept.check(secret == value and value == secret and secret == Secret(value), "equal")
            kept.check(secret != other and secret != Secret(other) and secret != 5, "unequal")
            kept.check({value: 1}[secret] == 1 and {secret: 1}[value] == 1, "a key of a mapping")


# --- answers ----------------------------------------------------------------------------------------------------------


def _answers(value: str, wire: Any, more: dict[str, Any]) -> dict[str, Any]:
    """The payloads that hold secrets, by the end of their path; `more`: a field that sends them down the slow road."""
    job = {"headers": {"X-Token": value}, "body": value, "path": "/"}
    made = {"id": wire.uuid(3), "name": "job"}
    settings = {"runEnvs": {"A": value, "B": None}, "buildVars": {"C": value}}
    return {
        "environments": [{"id": wire.uuid(2), "uniqueName": "prod", "settings": settings, **more}],
        "cronjobs": [{**made, "settings": job, "metadata": {"secret": {"deep": [value]}}, **more}],
        "transfer-uri": {"token": value, "frontendUri": f"https://x.test?token={value}", **more},
        "download": {"downloadUri": f"https://x.test/{value}?sig={value}", **more},
        "api-keys": {"id": wire.uuid(4), "secret": value, **more},
        "deployments": {"data": [{"id": wire.uuid(5), "settings": settings, **more}], "pagination": {"total": 1}},
        "projects": {"data": [{**made, "settings": settings, **more}], "pagination": {"total": 1}},
    }


def _frames(client: Client, wire: Any) -> dict[str, Any]:
    project = wire.uuid(1)
    return {
        "environments": client.environments.list(project),
        "environment": client.environments.get(project, "prod"),
        "cron jobs": client.cronjobs.list(project),
        "transfer": client.projects.transfer_uri(project),
        "scan": client.security.scan_download_uri(project, wire.uuid(8)),
        "key": client.api_keys.create(name="ci-key", expiry_at="+90d"),
        "deployments": client.deployments.list(project),
        "projects": client.projects.list(),
        "key, wire level": client.call("CreateAPIKey", name="ci-key", expiry_at="2027-01-01T00:00:00Z"),
        "environments, wire level": client.call("ListProjectEnvironments", project_id=project)[0],
        "jobs, wire level": client.call("ListCronjobs", project_id=project)[0],
    }


def _exports(found: Any, folder: Path) -> Iterator[tuple[str, object]]:
    frame = found if isinstance(found, pd.DataFrame) else pd.DataFrame([found])
    yield "repr", repr(found)
    yield "to_dict", repr(found.to_dict() if hasattr(found, "to_dict") else found)
    yield "rich", _rich(found)
    yield "attrs", repr(frame.attrs)
    for name, write in {
        "html": frame.to_html,
        "_repr_html_": frame._repr_html_,
        "csv": frame.to_csv,
        "json": frame.to_json,
        "text": frame.to_string,
        "converted": lambda: frame.convert_dtypes().to_csv(),
        "texts": lambda: frame.astype("str").to_csv(),
        "normalised": lambda: pd.json_normalize(frame.to_dict("records")).to_csv(),
        "values": lambda: repr(frame.to_numpy().tolist()),
        "pickle": lambda: pickle.dumps(frame),
    }.items():
        yield name, _seen(lambda _, write=write: write(), Secret())
    for ending in ("csv", "parquet"):
        path = export(frame, folder / f"frame.{ending}")
        yield f"export .{ending}", path.read_bytes()
        if ending == "csv":
            yield "its side file", path.with_suffix(".dtypes.json").read_bytes()


def test_no_answer_is_shown_by_frames_records_and_exports(wire: Any, tmp_path: Path) -> None:
    with tally(AREA, "answers with secrets as frames, records, payloads and files", "no value is shown") as kept:
        for number, value in enumerate(values(times(4), seed=6)):
            answers = _answers(value, wire, {"new": 1} if number % 2 else {})
            client, _ = wire.client(lambda r, answers=answers: wire.ok(answers[r.url.path.rsplit("/", 1)[1]]))
            for name, found in _frames(client, wire).items():
                for how, shown in _exports(found, tmp_path):
                    kept.check(not leaks(value, shown), f"{name}, {how}")


def test_what_one_call_reads_another_sends_as_it_was(wire: Any) -> None:
    with tally(AREA, "variables read by one call and sent by another", "the same bytes arrive") as kept:
        for value in values(times(50), seed=7):
            variables = {"A": value, "B": value[::-1], "C": ""}
            client, seen = wire.client(wire.ok([{"id": wire.uuid(2), "settings": {"runEnvs": variables}}]))
            held = client.call("ListProjectEnvironments", project_id="p")[0]["settings"]["runEnvs"]
            operation = "UpdateProjectEnvironmentEnvironmentVariables"
            client.call(operation, project_id="p", environment_id="e", run_envs=held)
            kept.check(seen.bodies[-1] == {"runEnvs": variables}, "at the wire level")
            client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs=held)
            kept.check(seen.bodies[-1] == {"runEnvs": variables}, "by the noun")


# --- the machine ------------------------------------------------------------------------------------------------------


def test_no_error_about_the_config_file_shows_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(file))
    forms = {
        "no TOML": '[profiles.work]\napi_key = "{}"\nbase_url = \n',
        "two keys": '[profiles.work]\napi_key = "{0}"\naccess_token = "{0}"\n',
        "unknown field": '[profiles.work]\napi_kye = "{}"\n',
        "unknown table": 'api_key = "{}"\n',
        "no text": '[profiles.work]\napi_key = ["{}"]\n',
        "no such profile": '[profiles.other]\napi_key = "{}"\n',
    }
    with tally(AREA, "config files that are refused", "no key in the error") as kept:
        for value in values(times(4), seed=10):
            key = value.splitlines()[0].replace('"', "").replace("\\", "")
            for name, form in forms.items():
                file.write_text(form.format(key), encoding="utf-8")
                file.chmod(0o600)
                error = caught(lambda: credentials.find("work"))
                kept.check(error is not None, name)
                for how, shown in with_variables(error).items():
                    kept.check(not leaks(key, shown), f"{name}, {how}")
                kept.check(key not in repr(caught(profiles.read)), name)


def test_plans_receipts_journals_panels_and_logs_hold_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path))
    with tally(AREA, "variables set by plans and panels", "no value in plan, receipt, journal, widget, log") as kept:
        client = createos_nb.simulate("storefront", seed=3)
        with caplog.at_level(logging.DEBUG):
            for value in values(times(2), seed=12):
                plan = runbooks.set_variables(
                    client, "storefront", "production", {"PLANTED": Secret(value)}, redeploy=False
                )
                receipt = plan.apply(confirm=plan.confirmation, reason="an attack")
                undo = receipt.undo()
                panel = panels.variables(client, "storefront", "production")
                panel.params["variables"] = {"OTHER": Secret(value)}
                field = SecretField("Value")
                field.secret = Secret(value)
                shown = {
                    "plan": [
                        repr(plan),
                        plan._repr_html_(),
                        plan.frame().to_csv(),
                        repr(plan.inputs),
                        repr(vars(plan)),
                    ],
                    "receipt": [repr(receipt), receipt._repr_html_(), repr(vars(receipt))],
                    "undo": [repr(undo), undo._repr_html_(), undo.frame().to_csv()],
                    "journals": [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()],
                    "panel": [repr(panel.params), *(repr(one.get_state()) for one in _widgets(panel.box))],
                    "field": [repr(field.get_state())],
                    "client": [repr(client), client.log().to_csv()],
                    "logs": [caplog.text],
                }
                for name, texts in shown.items():
                    for text in texts:
                        kept.check(not leaks(value, text), name)
                panel.close()
                held = client.environments.reveal_variables("storefront", "production")
                kept.check(held["PLANTED"] == value, "it was set")


def _widgets(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _widgets(child)


# --- runs -------------------------------------------------------------------------------------------------------------


def test_what_a_run_keeps_is_masked_however_it_is_spelled() -> None:
    dice = random.Random(13)
    with tally(AREA, "values printed in a run: whole, cut, escaped, in addresses", "dots in their place") as kept:
        planted = values(times(60), seed=13)
        veil = Redactor(map(Secret, planted))
        for value in planted:
            around = "".join(dice.choices("ab <>&\n", k=10))
            for shown in (
                value,
                value[: dice.randint(24, 80)],
                repr(value),
                json.dumps({"a": value}),
                f"{value!r:.70}",
            ):
                masked = veil.redact(f"{around}{shown}{around}")
                whole = [mark for mark in leaks(value, masked) if len(value) >= 24 or mark != value[:20]]
                kept.check(not whole and MASK in masked, masked[:200])
