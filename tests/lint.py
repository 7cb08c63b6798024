"""Style of everything, and that what is installed runs on Python 3.6 (make lint)."""

import shutil
import subprocess
import sys

from tests import declarations, paths, tools

PYTHON_FILES = ("lib", "rpm", "tests")
# runs on the nodes or on the machine that builds the package, and the tests that run there
OLDEST_PYTHON = ("lib", "rpm", "tests/unit", "tests/paths.py", "tests/declarations.py",
                 "tests/conftest.py", "tests/making.py", "tests/semantics.py",
                 "tests/bench/events.py", "tests/bench/figures.py", "tests/bench/plot.py",
                 "tests/bench/report.py", "tests/bench/table.py")


def main():
    """Run every linter; how many of them had something to say."""
    programs = [str(paths.agent(name).relative_to(paths.CHECKOUT))
                for name in declarations.AGENTS]
    programs += ["bin/" + name for name in declarations.install.COMMANDS]
    environment = tools.environment(tools.folder("requirements-lint"))
    vermin = "from vermin.main import main; main()"
    commands = [
        [sys.executable, "-m", "flake8", *PYTHON_FILES, *programs],
        [sys.executable, "-c", vermin, "--quiet", "--no-tips", "--target=3.6-", "--violations",
         *OLDEST_PYTHON, *programs],
        ["bash", "-n", ".ci/run"],
    ]
    if shutil.which("rpmlint"):
        commands.append(["rpmlint", "--config", "rpm/rpmlint.toml", "rpm/lbha-agents.spec"])
    return sum(run(command, environment) for command in commands)


def run(command, environment):
    """Whether a linter had something to say; then it is shown."""
    done = subprocess.run(command, cwd=str(paths.CHECKOUT), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True)
    if done.returncode:
        print(done.stdout)
        print("failed: " + " ".join(command[:4]))
    return bool(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
