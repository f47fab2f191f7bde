"""Output of the command line: safe for a terminal, and no error on a closed pipe."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from createos_nb.display import visible

#: A closed pipe; on Windows it is an invalid argument.
_CLOSED: Final = (errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN)


class Output:
    """A stream in place of `sys.stdout` or `sys.stderr`.

    Control characters and marks of direction are spelled out, unless `raw` is set for a writer that colours its text
    by itself. Once its reader has gone, what is written is dropped and the command goes on to its end: a change that is
    under way must not stop half done because somebody read enough.
    """

    def __init__(self, stream: TextIO, *, raw: bool = False) -> None:
        self.stream = stream
        self._raw = raw

    def write(self, text: str) -> int:
        r"""Write a text.

        Args:
            text: The text.

        Returns:
            Its length, as of any stream.

        Examples:
            >>> import io
            >>> from createos_nb.cli.output import Output
            >>> stream = io.StringIO()
            >>> Output(stream).write("red" + chr(27) + "[31m")
            8
            >>> stream.getvalue()
            'red\\x1b[31m'
        """
        # a progress bar begins with a return to where its line begins: at a terminal that harms nothing
        bar = text.startswith("\r") and self.stream.isatty()
        printable = text if self._raw else "\r" * bar + visible(text[bar:].rstrip("\r") if bar else text)
        try:
            self.stream.write(printable)
        except UnicodeEncodeError:  # a terminal that knows fewer letters than we do
            coded = printable.encode(self.stream.encoding, "backslashreplace")
            self.stream.write(coded.decode(self.stream.encoding))
        except OSError as error:
            self._on_closed_pipe(error)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write texts, one after the other.

        Args:
            lines: The texts.

        Examples:
            >>> import io
            >>> from createos_nb.cli.output import Output
            >>> stream = io.StringIO()
            >>> Output(stream).writelines(["one ", "two"])
            >>> stream.getvalue()
            'one two'
        """
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what was written.

        Examples:
            >>> import io
            >>> from createos_nb.cli.output import Output
            >>> Output(io.StringIO()).flush()
        """
        try:
            self.stream.flush()
        except OSError as error:
            self._on_closed_pipe(error)

    def _on_closed_pipe(self, error: OSError) -> None:
        if error.errno not in _CLOSED:
            raise error
        # what is still in the buffer goes there too, also when Python flushes it at its end
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def unchecked() -> Output:
    """Return the standard output for a writer that makes its own control sequences, and cleans what it repeats.

    Returns:
        The stream that nothing is spelled out in.
    """
    stream = sys.stdout
    return Output(stream.stream if isinstance(stream, Output) else stream, raw=True)


@contextmanager
def guarded() -> Iterator[None]:
    """Let all that is printed within the block be safe to show, and closed pipes be no error.

    Yields:
        Nothing: the streams are back in their places after the block.
    """
    before = sys.stdout, sys.stderr
    # Python sets them to None where a process was started without them
    guarded_streams = [None if stream is None else Output(stream) for stream in before]
    sys.stdout, sys.stderr = guarded_streams
    try:
        yield
    finally:
        for stream in guarded_streams:
            if stream is not None:
                stream.flush()
        sys.stdout, sys.stderr = before
