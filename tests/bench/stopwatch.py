"""Times commands: a script of its own, for it runs in a node, with nothing but its library.

    python3 -IS stopwatch.py      {"rounds": N, "steps": [[NAME, [WORD...], {VARIABLE: VALUE},
                                  INPUT], ...]} as JSON on its input
All steps are run one after another, round after round.  Output, as JSON:
    {NAME: [[WALL, PROCESSOR, EXIT-CODE], ...]}, in seconds; PROCESSOR with that of all
children that were waited for.
"""

import json
import os
import sys
import time


def run(words, environment, text):
    """One command: (wall, processor, exit code)."""
    null = os.open(os.devnull, os.O_RDWR)
    reading, writing = os.pipe()
    os.write(writing, text.encode())  # a few lines: a pipe takes them at once
    os.close(writing)
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        try:
            os.dup2(reading, 0)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.execvpe(words[0], words, dict(os.environ, **environment))
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - began
    for descriptor in (null, reading):
        os.close(descriptor)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    return wall, used.ru_utime + used.ru_stime, code


def main():
    """Read, run, print."""
    order = json.load(sys.stdin)
    found = {}
    for _ in range(order["rounds"]):
        for name, words, environment, text in order["steps"]:
            found.setdefault(name, []).append(run(words, environment, text))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
