"""The package: built, linted, installed, upgraded and erased, with its scriptlets.

The root is this machine's own file system under an overlay, so rpm, find and Python are
real, and nothing of it stays.
"""

import gzip
import os
import pathlib
import shutil
import stat
import subprocess

import pytest

import lbha
from tests import paths
from tests.agent.namespace import Namespace
from tests.declarations import AGENTS, install

NAME = "lbha-agents"
NEXT = "99.0"
PYTHON = "/usr/bin/python3"


def run(argv, **options):
    """What a program that succeeds writes."""
    done = subprocess.run(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def copy(folder):
    """The checkout as it is now, as a fresh clone would have it; its path."""
    names = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=paths.CHECKOUT).split("\0")
    for name in filter(None, names):
        if (paths.CHECKOUT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.CHECKOUT / name, folder / name)
    run(["git", "init", "--quiet"], cwd=folder)
    run(["git", "add", "--all"], cwd=folder)
    return folder


def build(folder, *arguments):
    """The package and its source package."""
    run(["make", "rpm", *arguments], cwd=folder)
    package, = (folder / "dist").glob(NAME + "-*.noarch.rpm")
    source, = (folder / "dist").glob(NAME + "-*.src.rpm")
    return package, source


def edit(path, old, new):
    """Replace a text that is there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package of this checkout."""
    return build(copy(tmp_path_factory.mktemp("this")))[0]


@pytest.fixture(scope="module")
def next_package(tmp_path_factory):
    """A later version, in which one module is gone and one is new."""
    folder = copy(tmp_path_factory.mktemp("next"))
    for name in ("lib/lbha/__init__.py", "rpm/lbha-agents.spec"):
        edit(folder / name, lbha.__version__, NEXT)
    (folder / "lib/lbha/routes.py").rename(folder / "lib/lbha/ways.py")
    return build(folder)[0]


class Root:
    """This machine's file system under an overlay, in namespaces of its own."""

    def __init__(self):
        self.namespace = Namespace()
        self.path = self.namespace.folder / "root"
        layer = self.namespace.folder / "layer"
        for folder in (self.path, layer):
            folder.mkdir()
        self.mount("-t", "tmpfs", "tmpfs", layer)
        self.namespace.run(["mkdir", layer / "upper", layer / "work"])
        self.mount("-t", "overlay", "overlay", "-o", "lowerdir=/,upperdir=%s,workdir=%s" % (
            layer / "upper", layer / "work"), self.path)
        for folder in ("/proc", "/dev"):
            self.mount("--bind", folder, str(self.path) + folder)
        self.mount("-t", "tmpfs", "tmpfs", str(self.path) + "/tmp")

    def mount(self, *arguments):
        self.namespace.run(["mount", *arguments])

    def run(self, *argv):
        """What a program in it writes."""
        done = self.namespace.run(["chroot", self.path, *argv], check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def rpm(self, action, package):
        """rpm, without the dependencies of a distribution that is not there."""
        self.namespace.run(["cp", package, str(self.path) + "/tmp"])
        return self.run("rpm", "--force-debian", "--nodeps", action,
                        "/tmp/" + pathlib.Path(package).name)

    def find(self, *arguments):
        """What find(1) finds, without noise of the machine."""
        return set(self.run("find", "/usr", "/etc", "-xdev", *arguments).split())


@pytest.fixture
def root():
    place = Root()
    yield place
    place.namespace.close()


def byte_code(root):
    """The modules in the library of which there is byte code, by name."""
    tag = root.run(PYTHON, "-c", "import sys; print(sys.implementation.cache_tag)").strip()
    suffix = ".%s.pyc" % tag
    found = {path for path in root.find("-path", install.LIBRARY_FOLDER + "/*", "-name", "*.pyc")}
    assert all(path.endswith(suffix) for path in found)
    return {path.replace("__pycache__/", "")[:-len(suffix)] + ".py" for path in found}


def modules(root):
    """The modules in the library."""
    return root.find("-path", install.LIBRARY_FOLDER + "/*.py")


def test_installed_upgraded_and_erased(root, package, next_package):
    before = root.find("-path", "*lbha*")
    root.rpm("--install", package)
    assert root.run("rpm", "--verify", "--nodeps", NAME) == ""
    assert byte_code(root) == modules(root) != set()
    for agent in AGENTS:
        root.run("sh", "-c", "test -x %s/%s" % (
            install.FENCE_FOLDER if agent.startswith("fence_") else install.AGENT_FOLDER, agent))

    root.rpm("--upgrade", next_package)
    assert root.run("rpm", "--query", "--queryformat", "%{VERSION}", NAME) == NEXT
    assert byte_code(root) == modules(root)
    assert install.LIBRARY_FOLDER + "/ways.py" in modules(root)
    assert not root.find("-path", "*/lbha/*routes*")

    root.run("rpm", "--force-debian", "--erase", NAME)
    assert root.find("-path", "*lbha*") == before
    assert not root.find("-path", "/usr/lib/ocf/lib")


def test_erase_leaves_no_byte_code_that_another_python_wrote(root, package):
    root.rpm("--install", package)
    cache = install.LIBRARY_FOLDER + "/render/__pycache__"
    root.run("touch", cache + "/man.cpython-36.pyc", cache + "/gone.cpython-313.pyc")
    root.run("rpm", "--force-debian", "--erase", NAME)
    assert not root.find("-path", "/usr/lib/ocf/lib*")


def test_the_installed_agents_run_and_find_their_library(root, package):
    root.rpm("--install", package)
    for agent in AGENTS:
        if agent.startswith("fence_"):
            written = root.run(install.FENCE_FOLDER + "/" + agent, "-o", "metadata")
        else:
            written = root.run(install.AGENT_FOLDER + "/" + agent, "meta-data")
        assert '<resource-agent name="%s"' % agent in written
    page = root.run("sh", "-c", "zcat /usr/share/man/man7/ocf_lbha_haproxy.7.gz")
    assert page.startswith(".TH ")


def test_the_installed_command_runs_and_finds_its_library(root, package):
    root.rpm("--install", package)
    root.run("sh", "-c", "cd /tmp && lbha pcsgen --example csv --lang en 2>/tmp/said")
    assert root.run("cat", "/tmp/said") == "./lbha-example.csv written\n"
    page = root.run("sh", "-c", "zcat /usr/share/man/man8/lbha.8.gz")
    assert page.startswith('.TH "LBHA"')


def test_the_kernel_lets_haproxy_bind_the_address_once_installed(root, package):
    settings = ("/proc/sys/net/ipv4/ip_nonlocal_bind", "/proc/sys/net/ipv6/ip_nonlocal_bind")
    # what the chroot's scriptlet may write belongs to this network namespace alone
    assert root.run("cat", *settings).split() == ["0", "0"]
    root.rpm("--install", package)
    assert root.run("cat", *settings).split() == ["1", "1"]


def test_modes_owners_and_nothing_else(package):
    listed = run(["rpm", "--query", "--package", "--queryformat",
                  "[%{FILENAMES} %{FILEMODES} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]", package])
    found = {}
    for line in listed.splitlines():
        name, mode, owner = line.split()
        assert owner == "root:root"
        found[name] = int(mode)
    wanted = {destination: mode for _, destination, mode in install.files()}
    wanted.update((destination, 0o644) for _, destination in install.man_pages())
    for destination, mode in wanted.items():
        assert stat.S_IMODE(found.pop(destination)) == mode, destination
    for folder in install.folders():
        assert stat.S_ISDIR(found.pop(folder))
    left = {os.path.basename(name) for name, mode in found.items() if stat.S_ISREG(mode)}
    assert left == {"LICENSE", "README.md", "CHANGELOG.md"}


def requirements(package, kind="requires"):
    """The capabilities that a package requires, recommends, ..."""
    return set(run(["rpm", "--query", "--package", "--" + kind, package]).splitlines())


def test_rpm_of_el8_can_read_it(package):
    form = run(["rpm", "--query", "--package", "--queryformat", "%{PAYLOADCOMPRESSOR}", package])
    assert form == "gzip"
    assert {line for line in requirements(package) if line.startswith("rpmlib(")} <= {
        "rpmlib(CompressedFileNames) <= 3.0.4-1", "rpmlib(FileDigests) <= 4.6.0-1",
        "rpmlib(PayloadFilesHavePrefix) <= 4.0-1", "rpmlib(RichDependencies) <= 4.12.0-1"}


def test_the_resource_agents_need_neither_pyghmi_nor_haproxy_to_be_installed(package):
    hard = requirements(package)
    assert not [line for line in hard
                if any(word in line for word in ("pyghmi", "haproxy", "lxml", "openpyxl"))]
    assert "(pacemaker or pacemaker-remote)" in hard and PYTHON in hard
    assert requirements(package, "recommends") == {
        "haproxy", "python3-pyghmi", "python3-lxml"}
    assert requirements(package, "suggests") == {"python3-openpyxl"}


def test_the_interpreter_of_another_distribution(tmp_path):
    platform_python = "/usr/libexec/platform-python"
    package, _ = build(copy(tmp_path), "PYTHON=" + platform_python)
    assert platform_python in requirements(package)
    assert PYTHON not in requirements(package)
    scripts = run(["rpm", "--query", "--package", "--scripts", package])
    assert platform_python + " -I -m compileall" in scripts
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    run(["sh", "-c", "rpm2cpio %s | cpio --quiet -id" % package], cwd=unpacked)
    for name in AGENTS:
        fence = name.startswith("fence_")
        folder = install.FENCE_FOLDER if fence else install.AGENT_FOLDER
        first = (unpacked / (folder + "/" + name).lstrip("/")).read_text().partition("\n")[0]
        assert first == "#!%s -IS" % platform_python


def test_rpmlint_has_nothing_to_say(package):
    source, = package.parent.glob("*.src.rpm")
    said = run(["rpmlint", "--config", paths.CHECKOUT / "rpm/rpmlint.toml", package, source,
                paths.CHECKOUT / "rpm/lbha-agents.spec"])
    assert ": W: " not in said and ": E: " not in said, said
    assert "0 errors, 0 warnings" in said


def test_a_page_is_the_same_file_whenever_it_is_made():
    page = install.man_page("agents/haproxy")
    assert gzip.decompress(install.compressed(page)) == page
    assert install.compressed(page)[4:8] == b"\0\0\0\0"  # RFC 1952, MTIME
