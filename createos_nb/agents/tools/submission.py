"""In a drill: the alert, and what an agent answers."""

from __future__ import annotations

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.errors import InvalidInput


@tool(offered=lambda context: context.drill is not None)
def alert(context: ToolContext) -> Answer:
    """Read the alert of the drill that is taken, and how much time is left.

    Args:
        context: what tools share.

    Returns:
        time, source, text, where it shows (the cause may be elsewhere), now, left_seconds of the world's time.
    """
    if context.drill is None:
        raise InvalidInput("this is no drill")
    return Answer(context.drill.alert())


@tool("answer", offered=lambda context: context.drill is not None)
def submit(
    context: ToolContext,
    cause: str | list[str] | None = None,
    where: str | list[str] | None = None,
    trouble: bool | None = None,
    note: str | None = None,
) -> Answer:
    """Answer the drill that is taken: is something wrong, where, and why. The last answer to each question counts.

    Args:
        context: what tools share.
        cause: a word of diagnose's causes, several where several things are wrong, or none where nothing is.
        where: project/environment, or the project; of a domain or a key its name; account. Several in a list.
        trouble: whether something is wrong at all.
        note: a text for others; secrets in it count.

    Returns:
        when it was given; nothing says whether it is right.
    """
    if context.drill is None:
        raise InvalidInput("this is no drill")
    return Answer(context.drill.submit(cause=cause, where=where, trouble=trouble, note=note))
