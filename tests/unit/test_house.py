"""What the house asks of every file, so that nobody has to remember it."""

import ast
import os
import posix
import re
import subprocess

import pytest

import lbha
import lbha.pcsgen
from lbha import ocf
from lbha.errors import WrongParameter
from tests import declarations, derived, paths
from tests.declarations import install

LIBRARY = paths.LIBRARY / "lbha"
MODULES = {path.relative_to(LIBRARY).with_suffix("").as_posix().replace("/__init__", ""): path
           for path in LIBRARY.glob("**/*.py") if path != LIBRARY / "__init__.py"}
AGENTS = {name: paths.agent(name) for name in declarations.AGENTS}
COMMANDS = {"bin/" + name: paths.CHECKOUT / "bin" / name for name in install.COMMANDS}
FILES = dict({"lbha/" + name: path for name, path in MODULES.items()}, **AGENTS, **COMMANDS)

# What a monitor pays for at every call, if it is imported at module level.
CHEAP = {"sys", "gc", "os", "errno", "time", "select", "syslog", "fcntl", "zlib", "stat", "struct",
         "_struct", "_socket", "_signal", "_stat", "posix", "lbha"}
# Of a command that a person calls, not of agents; what is not Python's own stays inside.
COMMAND_CHEAP = CHEAP | {"argparse", "codecs", "copy", "csv", "difflib", "io", "re", "shlex",
                         "unicodedata"}
MAY_EXIT = {"lbha/ocf": "main", "lbha/fence": "main", "lbha/__main__": "main",
            # children, which must never return into the agent
            "lbha/proc": "_become", "lbha/task": "_work", "lbha/announce": "repeat"}
LONGEST_FILE = 350  # lines: read in one sitting


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path):
    """(module, at module level) of every import; parts of lbha by their own names."""
    parsed = tree(path)
    top = set(parsed.body)
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in top
        elif isinstance(node, ast.ImportFrom):
            if node.module in ("lbha", "lbha.render"):
                for alias in node.names:
                    yield node.module + "." + alias.name, node in top
            else:
                yield node.module, node in top


def order(page):
    """The modules in the order that a package's own page gives them."""
    lines = re.findall(r"^    (\w+(?:  \w+)*)  +\w", page, re.MULTILINE)
    return [name for line in lines for name in line.split()]


ORDER = order(lbha.__doc__)
PCSGEN = {name.split("/")[1]: path for name, path in MODULES.items()
          if name.startswith("pcsgen/")}
PCSGEN_ORDER = order(lbha.pcsgen.__doc__)


def test_the_library_s_page_names_every_module_once():
    top = {name.split("/")[0] for name in MODULES}
    assert sorted(ORDER) == sorted(top)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_stands_before_it(name):
    own = name.split("/")[0]
    for imported, _ in imports(MODULES[name]):
        parts = imported.split(".")
        if parts[0] != "lbha" or len(parts) == 1 or parts[1] in ("__version__", own):
            continue
        if parts[1] == "render":
            continue  # texts on request, inside the function that prints them
        assert ORDER.index(parts[1]) < ORDER.index(own), imported


def test_the_page_of_pcsgen_names_every_module_once():
    assert sorted(PCSGEN_ORDER) == sorted(PCSGEN)


@pytest.mark.parametrize("name", PCSGEN)
def test_a_module_of_pcsgen_imports_only_what_stands_before_it(name):
    for node in ast.walk(tree(PCSGEN[name])):
        module = getattr(node, "module", None) or ""
        names = [alias.name for alias in node.names] if module == "lbha.pcsgen" else (
            [module.split(".")[2]] if module.startswith("lbha.pcsgen.") else [])
        for imported in names:
            assert PCSGEN_ORDER.index(imported) < PCSGEN_ORDER.index(name), imported


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_loads_nothing_of_the_commands(name):
    assert not [imported for imported, _ in imports(AGENTS[name])
                if imported.startswith(("lbha.pcsgen", "lbha.__main__"))]


@pytest.mark.parametrize("name", MODULES)
def test_texts_are_rendered_only_on_request(name):
    if not name.startswith("render"):
        assert ("lbha.render", True) not in {
            (imported.rpartition(".")[0], top) for imported, top in imports(MODULES[name])}


@pytest.mark.parametrize("name", MODULES)
def test_nobody_imports_an_agent(name):
    assert not [imported for imported, _ in imports(MODULES[name])
                if imported.startswith("lbha.agents")]


@pytest.mark.parametrize("name", FILES)
def test_nothing_expensive_is_imported_before_it_is_used(name):
    cheap = COMMAND_CHEAP if name.startswith("lbha/pcsgen/") else CHEAP
    for imported, top in imports(FILES[name]):
        if top:
            assert imported.split(".")[0] in cheap, imported


@pytest.mark.parametrize("name", FILES)
def test_what_is_taken_from_the_c_half_of_os_is_there(name):
    """Not os.path, os.environ and the like: posix has none of them."""
    parsed = tree(FILES[name])
    names = {alias.asname or alias.name for node in ast.walk(parsed)
             if isinstance(node, ast.Import) for alias in node.names if alias.name == "posix"}
    taken = {node.attr for node in ast.walk(parsed)
             if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
             and node.value.id in names}
    assert {word for word in taken if not hasattr(posix, word)} == set()


@pytest.mark.parametrize("name", FILES)
def test_only_the_main_of_a_runtime_exits(name):
    for function in ast.walk(tree(FILES[name])):
        if isinstance(function, (ast.FunctionDef, ast.Module)):
            allowed = isinstance(function, ast.FunctionDef) and function.name == MAY_EXIT.get(name)
            assert allowed or not own_exits(function)


def own_exits(function):
    """Calls that end the process, outside of functions inside this one."""
    found, waiting = [], list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Name) and node.id in ("exit", "quit", "SystemExit"):
            found.append(node)
        if isinstance(node, ast.Attribute) and (
                isinstance(node.value, ast.Name) and node.value.id in ("sys", "os")
                and node.attr in ("exit", "_exit", "abort")):
            found.append(node)
    return found


@pytest.mark.parametrize("name", FILES)
def test_no_shell_no_eval_no_assert(name):
    for node in ast.walk(tree(FILES[name])):
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.Call):
            called = ast.dump(node.func)
            for word in ("'system'", "'popen'", "'eval'", "'exec'", "'spawnl'", "'getoutput'"):
                assert word not in called, word


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_in_one_sitting(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("name", FILES)
def test_what_is_public_says_what_it_is(name):
    parsed = tree(FILES[name])
    assert ast.get_docstring(parsed)
    for node in parsed.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_runs_as_it_is(name):
    with open(str(AGENTS[name]), encoding="utf-8") as file:
        assert file.readline() == "#!/usr/bin/python3 -IS\n"
    assert os.access(str(AGENTS[name]), os.X_OK)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_runs_as_it_is(name):
    with open(str(COMMANDS[name]), encoding="utf-8") as file:
        assert file.readline() == "#!/usr/bin/python3 -I\n"
    assert os.access(str(COMMANDS[name]), os.X_OK)


@pytest.mark.parametrize("name", AGENTS)
def test_a_declaration_is_named_like_its_file(name):
    declared = declarations.declaration(name)
    assert declared.name == name
    assert declared.kind == ("fence" if name in declarations.FENCE_AGENTS else "ocf")


def test_every_agent_is_installed_and_nothing_else_lies_beside_them():
    here = {path.name for folder in (paths.AGENTS, paths.FENCE) for path in folder.iterdir()
            if path.name != "__pycache__"}
    assert here == set(declarations.AGENTS)


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_a_resource_agent_declares_what_the_standard_and_the_runtime_need(name):
    declared = declarations.declaration(name)
    actions = {action.name: action for action in declared.actions}
    assert {"start", "stop", "monitor", "validate-all", "meta-data"} <= set(actions)
    assert all(action.timeout for action in declared.actions)
    parameters = {parameter.name for parameter in declared.parameters}
    assert "degraded_code" in parameters
    # who has event sources lets the administrator choose how long a monitor waits for them
    agent = next(value for value in vars(declarations.module(name)).values()
                 if isinstance(value, type) and issubclass(value, ocf.ResourceAgent))
    assert ("hold" in parameters) == (agent.sources is not ocf.ResourceAgent.sources)


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_monitors_of_one_agent_have_intervals_of_their_own(name):
    monitors = [action for action in declarations.declaration(name).actions
                if action.name == "monitor"]
    # pcs refuses intervals below a second; two operations with one interval are a conflict
    intervals = [action.interval for action in monitors]
    assert len(set(intervals)) == len(intervals) and min(intervals) >= 1


@pytest.mark.parametrize("name", declarations.AGENTS)
def test_defaults_are_of_their_types_and_names_are_unique(name):
    declared = declarations.declaration(name)
    names = [n for p in declared.parameters for n in (p.name,) + tuple(p.aliases)]
    assert len(set(names)) == len(names)
    for parameter in declared.parameters:
        if parameter.default not in (None, "", ()):
            assert parameter.parse(parameter.shown_default) == parameter.default


@pytest.mark.parametrize("name", declarations.AGENTS)
def test_what_a_parameter_says_of_junk_fits_into_an_exit_reason(name):
    for parameter in declarations.declaration(name).parameters:
        for text in ("\0", "?", "x" * 60):
            try:
                parameter.parse(text)
            except WrongParameter as fault:
                assert len(fault.reason.encode()) <= 128, fault.reason


# --------------------------------------------------------- what follows from what

@pytest.mark.parametrize("path, text", derived.golden(), ids=lambda value: getattr(
    value, "name", ""))
def test_golden_meta_data(path, text):
    assert path.exists(), "%s is missing: %s" % (path.name, derived.RENEW)
    assert path.read_text(encoding="utf-8") == text, derived.RENEW


def test_the_tables_of_the_readme():
    text = derived.README.read_text(encoding="utf-8")
    assert derived.readme(text) == text, derived.RENEW


def test_one_version_everywhere():
    specification = (paths.CHECKOUT / "rpm/lbha-agents.spec").read_text(encoding="utf-8")
    changes = (paths.CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^Version: +(\S+)$", specification, re.MULTILINE) == [lbha.__version__]
    log = specification.partition("%changelog")[2]
    assert re.search(r" - (\S+)-1$", log, re.MULTILINE).group(1) == lbha.__version__
    assert re.search(r"^## (\S+)", changes, re.MULTILINE).group(1) == lbha.__version__


def test_what_is_installed_exists_and_stays_in_its_folders():
    folders = (install.AGENT_FOLDER, install.FENCE_FOLDER, install.LIBRARY_FOLDER,
               install.SYSCTL_FOLDER)
    destinations = [destination for _, destination, _ in install.files()]
    assert len(set(destinations)) == len(destinations)
    for source, destination, _ in install.files():
        assert (paths.CHECKOUT / source).is_file(), source
        assert destination.startswith(folders)
    installed = {source for source, _, _ in install.files()}
    assert installed >= {"lib/lbha/%s" % path.relative_to(LIBRARY) for path in MODULES.values()}


@pytest.mark.parametrize("first, wanted", [
    ("#!/usr/bin/python3 -IS\n", "#!/usr/libexec/platform-python -IS\n"),
    ("#!/usr/bin/python3 -I\n", "#!/usr/libexec/platform-python -I\n"),
    ('"""No script."""\n', '"""No script."""\n')])
def test_the_interpreter_is_written_and_its_flags_stay(first, wanted):
    assert install.with_interpreter(
        first + "x\n", "/usr/libexec/platform-python") == wanted + "x\n"


def test_git_keeps_nothing_that_is_made():
    try:
        names = subprocess.check_output(
            ["git", "ls-files"], cwd=str(paths.CHECKOUT), universal_newlines=True,
            stderr=subprocess.DEVNULL).split("\n")
    except (OSError, subprocess.CalledProcessError):
        names = []  # unpacked from a source package: there is no git
    assert not [name for name in names if name.endswith((".pyc", ".rpm"))]
