"""Foreground commands: argument lists, a deadline, everything captured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from .errors import LabError

# What the lab runs must not depend on the caller's language or shell set-up.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
}


@dataclass(frozen=True)
class Result:
    """What a finished command left: exit code (negative: signal), output, errors."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The command, its exit code and what it printed, for an error message."""
        text = f"{' '.join(self.argv)}: exit code {self.code}"
        for part in (self.out.strip(), self.err.strip()):
            if part:
                text += "\n" + part
        return text


def run(
    argv: Sequence[str],
    *,
    timeout: float = 30,
    check: bool = True,
    input: Optional[str] = None,
    env: Optional[Mapping[str, str]] = None,
) -> Result:
    """Run `argv` to its end and return its Result.

    timeout -- seconds; then the process group is killed and LabError raised
    check   -- raise LabError when the exit code is not 0
    env     -- replaces ENVIRONMENT
    """
    argv = tuple(str(word) for word in argv)
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(ENVIRONMENT if env is None else env),
            start_new_session=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise LabError(f"cannot run {argv[0]}: {error.strerror}") from None
    with child:
        try:
            out, err = child.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            _kill(child)
            try:
                out, err = child.communicate(timeout=1)
            except subprocess.TimeoutExpired:  # a daemon it started still has the pipes
                out = err = ""
            raise LabError(
                Result(argv, -signal.SIGKILL, out, err).sentence()
                + f"\nIt was ended after {timeout:g} seconds."
            ) from None
        except BaseException:  # Ctrl-C must not leave the command behind
            _kill(child)
            raise
    result = Result(argv, child.returncode, out, err)
    if check and result.code != 0:
        raise LabError(result.sentence())
    return result


def _kill(child: subprocess.Popen[str]) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.killpg(child.pid, signal.SIGKILL)
