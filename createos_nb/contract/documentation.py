"""The documentation of an operation: its docstring, completed by what the declaration says of each parameter."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from typing import Final

from createos_nb.contract.operation import Operation, Parameter, Text

_WIDTH: Final = 112
_SENTENCE: Final = "The platform's sentence."
_SECTION: Final = re.compile(r"^(Args|Returns|Raises|Examples):$", re.MULTILINE)
_ENTRY: Final = re.compile(r"^(\w+): ", re.MULTILINE)


@functools.cache
def documentation(operation: Operation) -> str:
    """Return the docstring of an operation with an entry under `Args:` for every parameter, and what it returns.

    What the docstring itself says stands as it is; the rest comes from the declared meanings, limits and answer.

    Args:
        operation: An operation of the contract.

    Returns:
        The text, without indentation.

    Examples:
        >>> from createos_nb.contract.documentation import documentation
        >>> print(documentation(createos_nb.contract.find("GetProject")))
        One project.
        <BLANKLINE>
        Args:
            project: A project: its unique name or id.
        ...
    """
    text, sections = _sections(operation)
    sections.pop("Args", None)
    written = written_meanings(operation)
    described = [(p.name, written.get(p.name) or _declared(p)) for p in operation.arguments]
    if isinstance(operation.answer, Text):
        sections = {"Returns": f"    {_SENTENCE}", **sections}
    sections = {"Args": "\n".join(_entry(name, meaning) for name, meaning in described if meaning), **sections}
    return "\n\n".join(
        [text.strip(), *(f"{name}:\n{part.strip(chr(10)).rstrip()}" for name, part in sections.items() if part)]
    )


def written_meanings(operation: Operation) -> dict[str, str]:
    """Return the entries under `Args:` of the docstring of an operation, as they are written.

    Args:
        operation: An operation of the contract.

    Returns:
        The meanings by the names of the arguments.

    Examples:
        >>> from createos_nb.contract.documentation import written_meanings
        >>> written_meanings(createos_nb.contract.find("InstallGithubApp"))["code"]
        "The code of the browser's address."
    """
    _, *entries = _ENTRY.split(textwrap.dedent(_sections(operation)[1].get("Args", "")).strip())
    return {name: " ".join(text.split()) for name, text in zip(entries[::2], entries[1::2], strict=True)}


def _sections(operation: Operation) -> tuple[str, dict[str, str]]:
    text, *parts = _SECTION.split(inspect.cleandoc(operation.function.__doc__ or ""))
    return text, dict(zip(parts[::2], parts[1::2], strict=True))


def prose_and_sections(operation: Operation) -> tuple[str, str]:
    """Return the docstring of an operation as it is written: what stands before its sections, and these."""
    text = inspect.cleandoc(operation.function.__doc__ or "")
    first = _SECTION.search(text)
    end = first.start() if first else len(text)
    return text[:end].strip(), text[end:].strip()


def limits(parameter: Parameter) -> str:
    """Return the bounds of a number, or a closed list, in words; those of texts stand in their meaning."""
    bounds = parameter.bounds()
    if "choices" in bounds:
        return "one of " + ", ".join(map(str, bounds["choices"]))
    if "ge" in bounds and "le" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    return f"at least {bounds['ge']}" if "ge" in bounds else ""


def _declared(parameter: Parameter) -> str:
    text = "; ".join(part for part in (parameter.meaning, limits(parameter)) if part)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _entry(name: str, meaning: str) -> str:
    return textwrap.fill(
        f"{name}: {' '.join(meaning.split())}", _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8
    )
