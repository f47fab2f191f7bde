"""Rules are found by themselves, those of other packages too; one that fails costs no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

import createos_nb
from createos_nb import extensions
from createos_nb.causes import CAUSES
from createos_nb.diagnostics import Finding, diagnose
from createos_nb.diagnostics import rules as package
from createos_nb.diagnostics.evidence.evidence import Evidence


def installed(monkeypatch: pytest.MonkeyPatch, **modules: ModuleType | Exception) -> None:
    """Have other packages name rules."""

    class Point(EntryPoint):
        def load(self) -> ModuleType:
            found = modules[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    group = "createos_nb.diagnosis_rules"
    points = [Point(name, f"{name}:rule", group) for name in modules]
    monkeypatch.setattr(extensions, "entry_points_of", lambda asked: points if asked == group else [])


def rule(name: str, **attributes: object) -> ModuleType:
    module = ModuleType(name)
    for key, value in attributes.items():
        setattr(module, key, value)
    return module


def test_each_file_is_a_rule() -> None:
    found = dict(package.rules())
    assert {"bad_release", "memory_leak", "external_dependency", "key_expired"} <= set(found)
    assert not any(name.startswith("_") for name in found)
    assert all(callable(module.find) for module in found.values())  # type: ignore[union-attr]
    # what no file is named after is found by a rule of builds, of releases, or of domains
    assert set(CAUSES) - set(found) == set()


def test_a_rule_of_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
        assert any(finding.cause == "bad_release" for finding in found)
        yield Finding(
            "feature_flag", evidence.where, None, 0.99, ("flag checkout-v2 was switched on",), (), "Switch it off."
        )

    installed(monkeypatch, flags=rule("flags", find=find, ORDER=9))
    client = createos_nb.simulate("bad-release")
    assert diagnose(client, "storefront", "production").causes["cause"].tolist() == ["feature_flag", "bad_release"]


def test_a_rule_that_fails_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
        raise ZeroDivisionError("by zero")

    installed(monkeypatch, broken=rule("broken", find=find), absent=ImportError("no module named flags"))
    client = createos_nb.simulate("bad-release")
    diagnosis = diagnose(client, "storefront", "production")
    assert diagnosis.causes["cause"].tolist() == ["bad_release"]
    assert diagnosis.missing == {
        "rule broken": "it failed: ZeroDivisionError: by zero",
        "rule absent": "it can't be loaded: ImportError: no module named flags",
    }
    assert not diagnosis.complete


def test_rules_of_projects_are_not_asked_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
        asked.append(evidence.where)
        return ()

    installed(monkeypatch, flags=rule("flags", find=find))
    client = createos_nb.simulate("storefront")
    diagnose(client)
    assert asked == []
    diagnose(client, "storefront")
    assert asked == ["storefront"]
