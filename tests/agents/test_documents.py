"""Documentation as resources, and prompts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError

from createos_nb.agents import documents, prompts
from createos_nb.agents.runbook_calls import runbooks
from tests.agents.conftest import Open

ROOT = Path(__file__).parents[2]


def test_pages_and_runbooks_are_read(open_agent: Open) -> None:
    with open_agent() as agent:
        pages = {str(one.uri): one for one in agent.run("list_resources").resources}
        assert pages["createos://docs/diagnosis"].title == "Diagnoses"
        assert {f"createos://runbooks/{name}" for name in runbooks()} < set(pages)
        for uri in ("createos://docs/agents", "createos://docs/reference", "createos://runbooks/rollback"):
            (content,) = agent.run("read_resource", uri).contents
            assert len(content.text) > 500
        with pytest.raises(MCPError, match="did you mean createos://docs/diagnosis"):
            agent.run("read_resource", "createos://docs/diagnosi")


@pytest.mark.parametrize("uri", ["createos://docs/../README", "createos://docs/README", "file:///etc/passwd", ""])
def test_no_other_file_is_read(open_agent: Open, uri: str) -> None:
    with open_agent() as agent, pytest.raises(MCPError, match="there is no page"):
        agent.run("read_resource", uri)


def test_the_pages_that_an_installed_package_has_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bundled = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    pages = [path for path in bundled if path.startswith("docs/")]
    assert len(pages) > 5
    for path in pages:
        assert (ROOT / path).is_file()
        assert bundled[path] == f"createos_nb/_bundled/{path}"
        assert Path(path).stem in {page.name for page in documents.documents()}


def test_a_prompt_for_each_runbook(open_agent: Open) -> None:
    with open_agent() as agent:
        found = {one.name: one for one in agent.run("list_prompts").prompts}
        assert set(found) == {prompts.INVESTIGATE, *runbooks()}
        asked = {"project": "storefront", "environment": "production"}
        (message,) = agent.run("get_prompt", "rollback", asked).messages
        assert "Call plan with runbook 'rollback'" in message.content.text
        assert '"environment": "production"' in message.content.text
        (message,) = agent.run("get_prompt", "investigate", asked).messages
        assert "Find out what is wrong with storefront/production." in message.content.text
        with pytest.raises(MCPError, match="rollback takes no argument 'projct'; did you mean project"):
            agent.run("get_prompt", "rollback", {"projct": "storefront"})
        with pytest.raises(MCPError, match="there is no prompt 'rolback'; did you mean rollback"):
            agent.run("get_prompt", "rolback", {})
