"""What a run keeps and says is masked in the kernel already, on a simulated world as on the platform."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VALUE = 'Zq9"<wörd>7kfhe83hfs0x92kd'
CELLS = """\
import createos_nb
from IPython.display import HTML, display
from createos_nb import Secret

client = createos_nb.simulate("storefront")
value = Secret.from_environment("PLANTED")
print("the key is", client.world.key)
print(value.reveal(), value.reveal()[:20], my_password)
display(HTML("<b>" + value.reveal() + "</b>"))
value.reveal()"""


@pytest.mark.slow
def test_nothing_secret_is_kept_or_said_by_a_run_on_a_simulated_world(
    run: Callable[..., Any], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", VALUE)
    page = write("mine", ("my_password = ''", "parameters"), CELLS, "raise ValueError(value.reveal())")
    found = run(str(page), "-p", "my_password=hunter2-x-99")
    assert found.code == 1
    assert "the key is ••••••\n•••••• •••••• ••••••" in found.out
    assert "Failed: ••••••" in found.err
    for text in (found.text, found.out, found.err):
        assert "7kfhe83" not in text
        assert "hunter2-x-99" not in text
        assert "Zq9" not in text
        assert "skp_" not in text


def test_ids_that_a_notebook_asks_with_are_shown(run: Callable[..., Any], write: Callable[..., Path]) -> None:
    """A run masks secrets, not what names things."""
    cells = (
        "import createos_nb\nclient = createos_nb.simulate('storefront')",
        "id = client.projects.get('storefront')['id']\nclient.environments.list(id)\nprint('it is', id)",
    )
    found = run(str(write("ids", *cells)))
    assert re.search(r"it is [0-9a-f-]{36}\n", found.out)
