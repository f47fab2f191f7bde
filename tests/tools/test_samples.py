"""The CSV files of the shop equal what the simulator gives, and can be read without the library."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput
from tools import samples

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    samples.write(folder)
    return folder


def test_the_files_are_what_the_simulator_gives(written: Path) -> None:
    committed = ROOT / "data" / samples.FOLDER
    assert sorted(path.name for path in written.iterdir()) == sorted(path.name for path in committed.iterdir())
    for path in written.iterdir():
        assert path.read_text() == (committed / path.name).read_text(), f"{path.name}: run python -m tools.samples"


def test_reading_a_file_gives_the_frame_with_its_dtypes() -> None:
    for name, frame in samples.frames().items():
        found = createos_nb.read_export(ROOT / "data" / samples.FOLDER / f"{name}.csv")
        pd.testing.assert_frame_equal(found, frame, check_index_type=False)


def test_the_example_for_pandas_alone_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    block = re.search(r"```python\n(.*?)```", (ROOT / "data" / "README.md").read_text(), re.DOTALL)
    assert block
    space: dict[str, pd.DataFrame] = {}
    exec(compile(block[1], "data/README.md", "exec"), space)
    assert str(space["requests"]["count"].dtype) == "Int64"
    assert str(space["requests"]["time"].dtype).endswith("UTC]")


def test_an_unknown_sample_lists_what_there_is() -> None:
    with pytest.raises(InvalidInput, match=r"access\.log"):
        createos_nb.sample("nothing.csv")
