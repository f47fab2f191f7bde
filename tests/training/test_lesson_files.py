# ruff: noqa: E501  # a mistake and what is told of it stand in one line
"""Lesson files: each mistake is told by line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from createos_nb import training
from createos_nb.errors import InvalidInput
from createos_nb.training.curriculum.reader import read_lesson

FILE = """\
title = "A trial"
minutes = 10
goal = ["count projects"]
terms = ["project"]

[world]
scenario = "empty"
text = "Nothing is there."

[[know]]
text = "A project is a row."
code = "client.projects.list()"

[[tasks]]
name = "count"
title = "How many?"
text = "Count them."
hints = ["One row, one project."]
solution = { code = 'lesson.answer("count", 0)' }

[[tasks.checks]]
answer = "count"
same_as = { fact = "projects" }
otherwise = "{found} is not it."

[[wrong]]
name = "one"
task = "count"
because = "1 is not it"
code = 'lesson.answer("count", 1)'

[[wrong]]
name = "two"
task = "count"
because = "2 is not it"
code = 'lesson.answer("count", 2)'

[[wrong]]
name = "three"
task = "count"
because = "3 is not it"
code = 'lesson.answer("count", 3)'

[[next]]
text = "Inventory"
to = "notebooks/10_inventory.ipynb"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_a_lesson(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    assert training.check_lesson(path).result == "PASS"
    assert training.lesson(path, keep=False).check().missing.keys() == {"count"}
    assert training.lessons(path)["lesson"].iloc[-1] == "trial"
    page = training.notebook(path)
    assert page["cells"][0]["source"].startswith("# A trial")
    assert f'training.lesson("{path}")' in "".join(cell["source"] for cell in page["cells"])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minutes = 10", "minuts = 10", r"line 2: minuts: unknown field; there is: .*; did you mean minutes\?"),
        ("minutes = 10", 'minutes = "ten"', r"line 2: minutes: Expected `int`, got `str`"),
        ("minutes = 10", "minutes = 0", r"line 2: minutes: Expected `int` >= 1"),
        ("minutes = 10", "minutes = ", r"lesson trial: Invalid value \(at line 2, column 11\)"),
        ('terms = ["project"]', 'terms = ["projekt"]', r"line 4: terms\[0\]: the glossary has no 'projekt'; did you mean pro"),
        ('scenario = "empty"', 'scenario = "emty"', r"line 7: world.scenario: there is no scenario 'emty'.*did you mean empty"),
        ('text = "Nothing', 'step = 3\ntext = "Nothing', r"line 8: world.step: unknown field; .*did you mean steps"),
        ('code = "client.projects.list()"', 'code = "client.projects.list("', r"line 12: know\[0\].code: line 1 of it is no Python"),
        ('name = "count"', 'name = "Count it"', r"line 15: tasks\[0\].name: Expected `str` matching regex"),
        ('hints = ["One row, one project."]', "hints = []", r"line 18: tasks\[0\].hints: Expected `array` of length >= 1"),
        ('answer = "count"\nsame', 'answer = "count"\nfact = "projects"\nsame', r"line 21: tasks\[0\].checks\[0\]: give a fact or an answer"),
        ('same_as = { fact = "projects" }', "", r"line 21: tasks\[0\].checks\[0\]: give one of equals, .*, not none"),
        ('same_as = { fact = "projects" }', 'equals = 1\nat_least = 1', r"line 21: .* not equals and at_least"),
        ('{ fact = "projects" }', '{ fact = "project_count" }', r"line 23: tasks\[0\].checks\[0\].same_as.fact: there is no fact 'project_count'"),
        ('{ fact = "projects" }', '{ fact = "live_version" }', r"line 23: .*same_as.of: live_version needs project, environment"),
        ('{ fact = "projects" }', '{ fact = "projects", of = { name = "x" } }', r"line 23: .*projects has no argument 'name'; it takes: none"),
        ("{found} is not it.", "{wanted} is it.", r"line 24: .*otherwise: {wanted} stands for nothing"),
        ('otherwise = "{found} is not it."', 'otherwise = "no"\nwrong = [{ because = "x" }]', r"line 25: .*wrong\[0\]: give one of equals, same_as"),
        ('task = "count"\nbecause = "2', 'task = "cont"\nbecause = "2', r"line 34: wrong\[1\].task: there is no task 'cont'; .*did you mean count"),
        ('task = "count"\nbecause = "2', 'task = "count"\nharm = "x"\nbecause = "2', r"line 32: wrong\[1\]: give the task .* or the harm"),
        ('to = "notebooks/10_inventory.ipynb"', "", r"line 44: next\[0\]: Object missing required field `to`"),
        ('text = "Nothing is there."', 'text = "x"\nsteps = [{ do = "advance" }]', r"line 9: world.steps\[0\]: \"advance\" has a time"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_line_and_field(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(InvalidInput, match=told):
        read_lesson(written(tmp_path, FILE.replace(old, new)))


def test_too_few_wrong_ways_are_a_mistake(tmp_path: Path) -> None:
    head, _, rest = FILE.partition('[[wrong]]\nname = "three"')
    with pytest.raises(InvalidInput, match=r"line 26: wrong: Expected `array` of length >= 3"):
        read_lesson(written(tmp_path, head + rest[rest.index("[[next]]") :]))


def test_a_step_that_can_not_be_done_is_told_when_the_world_is_made(tmp_path: Path) -> None:
    steps = 'text = "x"\nsteps = [{ do = "push", arguments = { project = "shop" } }]'
    path = written(tmp_path, FILE.replace('text = "Nothing is there."', steps))
    with pytest.raises(InvalidInput, match=r"line 9: world.steps\[0\]: there is no project 'shop'"):
        training.lesson(path, keep=False)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        read_lesson(tmp_path / "none.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'title = "\xe9"')
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_lesson(path)
