"""The ways on from a cause: the panel of its runbook, filled in; where there is none, the call and the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.diagnostics import RunbookCall
from createos_nb.panels.assign import AssignPanel
from createos_nb.panels.deploy import DeployPanel
from createos_nb.panels.domains import DomainsPanel
from createos_nb.panels.rollback import RollbackPanel
from createos_nb.panels.scale import ScalePanel
from createos_nb.panels.settings import SettingsPanel, names_of, prefilled
from createos_nb.panels.variables import VariablesPanel

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.action_panel import ActionPanel
    from createos_nb.panels.kept_diagnoses import KeptDiagnoses


def label_of(call: RunbookCall) -> str | None:
    """Return the words on the button that opens the panel of a runbook; None where it has no panel."""
    options = dict(call.options)
    match call.function, call.arguments:
        case "rollback", (_, _):
            to = options.get("to")
            return "Roll back …" if to is None else f"Roll back to v{to} …"
        case "scale", (_, _):
            return " ".join(["Scale", *(f"{name} {value}" for name, value in options.items()), "…"])
        case "set_variables", (_, _):
            return " ".join(["Set", *_variables(options), "…"])
        case "settings", (_,):
            return " ".join(["Set", *names_of(options), "…"])
        case "assign", (_, version, _):
            return f"Assign v{str(version).removeprefix('v')} …"
        case "deploy", (_,):
            return "Deploy …"
        case "delete", (_,) if set(options) == {"domain"}:
            return f"Delete {options['domain']} …"
    return None


def panel_of(call: RunbookCall, client: Client, kept: KeptDiagnoses) -> ActionPanel | None:
    """Open the panel of a runbook, filled in as far as the cause tells; None where it has no panel."""
    options = dict(call.options)
    names = [str(name) for name in call.arguments]
    panel: ActionPanel
    match call.function, names:
        case "rollback", [project, environment]:
            panel = RollbackPanel(client, project, environment, kept)
            if options.get("to") is not None:
                panel.prefill({"chosen": f"v{options['to']}"})
        case "scale", [project, environment]:
            panel = ScalePanel(client, project, environment)
            panel.prefill(options)
        case "set_variables", [project, environment]:
            panel = VariablesPanel(client, project, environment)
            panel.prefill({"name": next(iter(_variables(options)), "")})
        case "settings", [project]:
            panel = SettingsPanel(client, project)
            panel.prefill(prefilled(options))
        case "assign", [project, version, environment]:
            panel = AssignPanel(client, project, environment)
            panel.prefill({"chosen": f"v{version.removeprefix('v')}"})
        case "deploy", [project]:
            panel = DeployPanel(client, project)
        case "delete", [project] if set(options) == {"domain"}:
            panel = DomainsPanel(client, project)
            panel.prefill({"chosen": options["domain"], "action": "delete"})
        case _:
            return None
    return panel


def _variables(options: Mapping[str, Any]) -> list[str]:
    variables = options.get("variables")
    return [str(name) for name in variables] if isinstance(variables, Mapping) else []
