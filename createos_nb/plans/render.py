"""Rendering of plans and receipts: a head and parts, as plain text and as HTML."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from createos_nb.display import strip_control_chars, text_table
from createos_nb.html import escaped, frame_table


class Part(NamedTuple):
    """A heading with lines of text or a table below it."""

    heading: str
    content: list[str] | pd.DataFrame


class Rendering(NamedTuple):
    """Lines of a head, and the parts below it."""

    head: list[str]
    parts: list[Part]

    def text(self) -> str:
        """Return it as plain text.

        Returns:
            Lines, without control characters.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> plan.render().text().splitlines()[1]
            'Plan: scale storefront / staging: replicas 2'
        """
        lines = [strip_control_chars(line) for line in self.head]
        for heading, content in self.parts:
            lines += ["", strip_control_chars(heading)]
            if isinstance(content, pd.DataFrame):
                lines += [f"  {line}" for line in text_table(content)]
            else:
                lines += [f"  · {strip_control_chars(line)}" for line in content]
        return "\n".join(lines)

    def html(self) -> str:
        """Return it as HTML; all that came from elsewhere is escaped.

        Returns:
            Paragraphs, lists and tables.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> plan.render().html().count("<table")
            2
        """
        first, *rest = self.head
        blocks = [f"<p><b>{escaped(first)}</b></p>", *(f"<p>{escaped(line)}</p>" for line in rest)]
        for heading, content in self.parts:
            blocks.append(f"<p><b>{escaped(heading)}</b></p>")
            if isinstance(content, pd.DataFrame):
                blocks.append(frame_table(content))
            elif content:
                blocks.append("<ul>" + "".join(f"<li>{escaped(line)}</li>" for line in content) + "</ul>")
        return "".join(blocks)

    def without(self, heading: str) -> Rendering:
        """Return the same without a part.

        Args:
            heading: of the part.

        Returns:
            Another rendering.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> [part.heading for part in plan.render().without("Blast radius").parts][:2]
            ['Steps', '3 of 3 preconditions hold']
        """
        return Rendering(self.head, [part for part in self.parts if part.heading != heading])
