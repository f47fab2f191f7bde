"""Deployments as a client offers them: also files of any kind to deploy, and deployed files on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb import contract
from createos_nb.client import downloads
from createos_nb.client.follow import follow_log
from createos_nb.client.runtime_logs import filtered, read_log
from createos_nb.contract.operation import UNSET
from createos_nb.contract.resource import writes
from createos_nb.errors import InvalidInput, SecretWarning, warn
from createos_nb.frames import log_filter
from createos_nb.uploads import MOST_BYTES, Selection, pack, select
from createos_nb.uploads.encoding import UploadMethod, choose_method
from createos_nb.uploads.paths import printable
from createos_nb.uploads.sources import Source

if TYPE_CHECKING:
    from createos_nb.client.session import Session
    from createos_nb.clock import WaitClock
    from createos_nb.contract.types import TimeLike
    from createos_nb.frames.log_search import Level, Search
    from createos_nb.times import DurationLike

_OPERATIONS: dict[UploadMethod, str] = {
    "text": "UploadDeploymentFiles",
    "base64": "UploadDeploymentBase64Files",
    "zip": "UploadDeploymentZip",
}
_SHOWN = 12


class Deployments(contract.Deployments):
    """The versions of a project, newest first, and their logs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def upload_plan(
        self,
        source: Source,
        *,
        way: str = "auto",
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        gitignore: bool = True,
        root: str | os.PathLike[str] | None = None,
        max_bytes: int = MOST_BYTES,
    ) -> pd.DataFrame:
        """Preview an upload: the files that would be sent or left out, and why. Sends nothing.

        Args:
            source: What `upload` takes: a folder, a list of files, a mapping from path to content, or a zip.
            way: "text" or "base64" (at most 100 files), "zip", or "auto".
            include: Patterns, as `.gitignore` writes them, of what is sent whatever the rules say.
            exclude: Patterns of what is left out.
            gitignore: Whether `.gitignore` files count.
            root: The folder that the paths of a list are relative to; by default the current one.
            max_bytes: Of all files together.

        Returns:
            One row a name, by path; a folder that is left out as a whole is one row, with a slash at the end. Columns:
            path (str), bytes (Int64, NA for folders), included (boolean), content (str: text, binary), reason (str: why
            it is left out; of what is included, something to mind). `attrs`: `operation` and `way` that it would go by
            (None where it can't go), `files`, `bytes`, and `problems`, the reasons why `upload` would refuse it; empty
            where it would not.

        Examples:
            >>> client = createos_nb.simulate()
            >>> files = {"index.html": "<h1>Hi</h1>", ".env": "TOKEN=secret"}
            >>> client.deployments.upload_plan(files)[["path", "included", "reason"]]
                     path  included                                             reason
            0        .env     False  secret: environment variables; give them to th...
            1  index.html      True                                                NaN
        """
        selection = select(
            source, include=include, exclude=exclude, gitignore=gitignore, root=root, max_bytes=max_bytes
        )
        problems = list(selection.problems)
        resolved: UploadMethod | None = None
        try:
            resolved = choose_method(selection, way)
        except InvalidInput as error:
            problems.append(str(error))
        frame = selection.frame()
        frame.attrs |= {
            "operation": _OPERATIONS[resolved] if resolved and not problems else None,
            "way": resolved if not problems else None,
            "files": len(selection.included),
            "bytes": sum(row.size or 0 for row in selection.included),
            "problems": problems,
        }
        return frame

    @writes
    def upload(
        self,
        project: str,
        source: Source,
        *,
        way: str = "auto",
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        gitignore: bool = True,
        root: str | os.PathLike[str] | None = None,
        max_bytes: int = MOST_BYTES,
    ) -> pd.Series:
        """Deploy files (upload projects): a folder, a list of files, a mapping from path to content, or a zip.

        Left out are secrets (by name: `.env` and its kin, keys, passwords, cookies, dumps; by content: about forty
        forms of tokens, in code and prose only warned of), `.git`, what the `.gitignore` files in the source say (and
        those above it, up to the top of its repository), installed packages, caches, and symbolic links; `upload_plan`
        shows all of it. A zip stays a zip, the same one where nothing is left out. A `SecretWarning` names the code and
        prose that is sent with what looks like a token in it.

        Args:
            project: A project: its unique name or id.
            source: A folder, a list of files, a mapping from path to content, or a zip.
            way: "text" or "base64" (at most 100 files), "zip", or "auto": text, base64 where a file is binary, a zip
                where there are more than 100 files or 10 MB.
            include: Patterns, as `.gitignore` writes them, of what is sent whatever the rules say.
            exclude: Patterns of what is left out.
            gitignore: Whether `.gitignore` files count.
            root: The folder that the paths of a list are relative to; by default the current one.
            max_bytes: Of all files together; the platform documents no limit of its own.

        Returns:
            id (of the new deployment), way, files, bytes, left_out (names); `attrs["left_out"]` says why, by path.

        Raises:
            InvalidInput: Something can't be sent or read: all reasons at once, before anything is sent.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.upload("landing-pages", {"index.html": "<h1>Hi</h1>"})[["way", "files", "bytes"]]
            way      text
            files       1
            bytes      11
            dtype: object
        """
        self._session.check_writable(contract.find("UploadDeploymentZip"))
        selection = select(
            source, include=include, exclude=exclude, gitignore=gitignore, root=root, max_bytes=max_bytes
        )
        if selection.problems:
            raise InvalidInput(_refused(selection))
        resolved = choose_method(selection, way)
        if secrets := [f"{printable(row.path)}: {row.why}" for row in selection.included if row.secret]:
            warn(f"secrets are sent: {'; '.join(secrets[:_SHOWN])} (upload_plan shows all)", SecretWarning)
        packed = pack(selection, resolved)
        operation = contract.find(_OPERATIONS[packed.method])
        name = "file" if packed.method == "zip" else "files"
        created = self._session.execute(operation, {"project": project, name: packed.content})
        return _receipt(str(created["id"]), packed.method, selection, operation.name)

    def download_to(
        self,
        project: str,
        deployment: str | int,
        folder: str | os.PathLike[str],
        *,
        replace: bool = False,
        max_bytes: int = downloads.MOST_BYTES,
    ) -> pd.DataFrame:
        """Unpack the uploaded files of a deployment into a new folder (upload projects): path (str) and bytes (Int64).

        The folder is whole, or not there. Nothing of the archive is written outside of it: an archive with paths that
        lead out, with links, or with names that come twice is refused as a whole.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.
            folder: Where to write; it must not exist, or be empty.
            replace: Let the new folder take the place of one that exists, at the very end.
            max_bytes: Of the archive, and of what it unpacks to.

        Returns:
            One row a file: path (str) and bytes (Int64).

        Raises:
            InvalidInput: The place can't be written.
            RequestError: The file does not come.
            InvalidResponse: The archive is damaged or not safe.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.download_to("landing-pages", 3, "pages").head(2)
                            path  bytes
            0         index.html    137
            1  spring/index.html     97
        """
        return downloads.to_folder(
            self._session,
            contract.find("DownloadDeployment"),
            {"project": project, "deployment": deployment},
            folder,
            replace=replace,
            max_bytes=max_bytes,
        )

    def logs(  # type: ignore[override]  # the wire looks back from its present; here a window is asked for
        self,
        project: str,
        deployment: str | int,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        level: Level = None,
        search: Search = None,
    ) -> pd.DataFrame:
        """Return the runtime log of a deployment that runs, searched.

        The platform gives what was written from a moment up to now, and of that the newest lines: a window that ended
        long ago costs all that came after it. It is one request, whatever is searched for.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.
            start: First moment, such as "-1h"; by default a minute before the end.
            end: Moment after the last; by default now.
            level: One level, such as "WARN", for it and what is worse; several, for exactly these. The lines of a stack
                trace go with the line that began it; lines that say no level are left out.
            search: A part of the text, in any case; behind "re:" a regular expression, in any case, as in
                "re:timeout|refused"; or a compiled one.

        Returns:
            One row a line: time (UTC), line_number (of the window), stage, level, text. `attrs`: `window`,
            `lines_read` (of the window), `lines_matching`, `lines_without_level` where a level is asked for,
            `complete`, and `cut`, why lines may be missing, where they may. A warning says so too.

        Raises:
            InvalidInput: The window is empty, there is no such level, or the expression can't be read.

        Examples:
            >>> client = createos_nb.simulate()
            >>> log = client.deployments.logs("storefront", 17, start="-10min", search="re:GET /(cart|checkout)")
            >>> list(log.columns), log.attrs["lines_read"], log.attrs["lines_matching"]
            (['time', 'line_number', 'stage', 'level', 'text'], 970, 66)
        """
        wanted = log_filter(level, search, name="deployments.logs")
        arguments = {"project": project, "deployment": deployment}
        asked = {"start": start, "end": end, "level": level, "search": search}
        return read_log(self._session, contract.find("GetDeploymentLogs"), arguments, asked, wanted)

    def build_logs(
        self,
        project: str,
        deployment: str | int,
        *,
        skip: int = UNSET,
        level: Level = None,
        search: Search = None,
    ) -> pd.DataFrame:
        """Return the build log of a deployment, searched.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.
            skip: Lines to leave out at the beginning.
            level: As of `logs`.
            search: As of `logs`.

        Returns:
            One row a line: time (UTC), line_number, stage, level (where the line says so), text; `attrs` as those of
            `logs`, without a window.

        Raises:
            InvalidInput: There is no such level, or the expression can't be read.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.build_logs("storefront", 17, search="npm")[["stage", "text"]].head(1)
                 stage      text
            0  install  $ npm ci
        """
        wanted = log_filter(level, search, name="deployments.build_logs")
        return filtered(super().build_logs(project, deployment, skip=skip), wanted)

    def follow(
        self,
        project: str,
        deployment: str | int,
        *,
        every: DurationLike = 5.0,
        window: DurationLike = 60,
        lasting: DurationLike | None = None,
        clock: WaitClock | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The runtime log as it is written: a frame of new lines each time that there are any.

        Nothing is lost unless a row says so, and nothing comes twice. It ends by itself when the deployment has ended
        or sleeps. Failures that may pass are read again for up to five minutes; others are raised.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.
            every: Time between reads: seconds, or a text such as "1min"; rounded to whole seconds.
            window: How far the first read reaches back, which the platform is sure to give, likewise.
            lasting: After how long to end, likewise; by default never.
            clock: What is waited on; by default the client's. One that raises when it is stopped ends the following.

        Returns:
            Frames with the columns of `logs`, and gap (boolean): True in the one row that stands where lines may be
            missing, for the log did not reach back to the last read.

        Examples:
            >>> client = createos_nb.simulate()
            >>> for lines in client.deployments.follow("storefront", 17, lasting="5s", every="5s"):
            ...     print(list(lines.columns))
            ['time', 'line_number', 'stage', 'level', 'text', 'gap']
            ['time', 'line_number', 'stage', 'level', 'text', 'gap']
        """

        def over() -> bool:
            status = self.get(project, deployment)["status"]
            return status not in ("queue", "building", "deploying", "deployed", "crashing")

        operation = contract.find("GetDeploymentLogs")

        def read(since: int) -> pd.DataFrame:
            arguments = {"project": project, "deployment": deployment, "since_seconds": since}
            return self._session.with_ids(
                operation, arguments, lambda values: self._session.log(operation, values, arguments, warn_of_cut=False)
            )

        return follow_log(read, clock or self._session.clock, every=every, window=window, lasting=lasting, is_over=over)


def _refused(selection: Selection) -> str:
    """All that is wrong, in one text."""
    problems = selection.problems
    listed = problems[:_SHOWN] + ([f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else [])
    text = "".join(f"\n  · {line}" for line in listed)
    hint = "\n→ exclude= leaves files out" if selection.included else ""
    return f"{selection.label} can't be uploaded, and nothing was sent:{text}{hint}"


def _receipt(deployment_id: str, method: UploadMethod, selection: Selection, operation: str) -> pd.Series:
    rows = selection.included
    frame = selection.frame()
    left_out = frame[~frame["included"]]
    facts: dict[str, Any] = {
        "id": deployment_id,
        "way": method,
        "files": len(rows),
        "bytes": sum(row.size or 0 for row in rows),
        "left_out": len(left_out),
    }
    receipt = pd.Series(facts, dtype=object)
    receipt.attrs |= {"operation": operation, "left_out": dict(zip(left_out["path"], left_out["reason"], strict=True))}
    return receipt
