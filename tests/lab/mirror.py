"""Where the machine's own apt gets Debian from: its sources, keyring and proxies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .command import run
from .errors import LabError

APT = Path("/etc/apt")


@dataclass(frozen=True)
class Source:
    """One apt source: `uri` carries `suites`; `keyring` is empty when apt's own is meant."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    keyring: str

    def line(self, suite: str) -> str:
        """A one-line source for the main component of another suite of the same mirror."""
        option = f"[signed-by={self.keyring}] " if self.keyring else ""
        return f"deb {option}{self.uri} {suite} main"


def one_line_sources(text: str) -> Iterator[Source]:
    """The `deb` lines of a sources.list."""
    pattern = re.compile(r"^\s*deb\s+(?:\[(?P<options>[^]]*)\]\s*)?"
                         r"(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<rest>[^#]*)")
    for line in text.splitlines():
        match = pattern.match(line)
        if match:
            options = dict(word.split("=", 1) for word in (match["options"] or "").split()
                           if "=" in word)
            yield Source(
                match["uri"], (match["suite"],), tuple(match["rest"].split()),
                options.get("signed-by", "")
            )


def deb822_sources(text: str) -> Iterator[Source]:
    """The enabled `deb` stanzas of a .sources file; a key written into one is left to apt."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", text):
        fields = {
            key.lower(): " ".join(value.split())
            for key, value in re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", stanza, re.M)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        keyring = fields.get("signed-by", "")
        for uri in fields.get("uris", "").split():
            yield Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                keyring if keyring.startswith("/") and " " not in keyring else "",
            )


def sources(apt: Path = APT) -> list[Source]:
    """Every binary source of the machine, in apt's order."""
    found: list[Source] = []
    lists = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found += one_line_sources(path.read_text())
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        found += deb822_sources(path.read_text())
    return found


def debian_mirror(apt: Path = APT, codename: str = "") -> Source:
    """The machine's mirror of the Debian archive; LabError when it has none.

    codename -- the machine's own release, as VERSION_CODENAME in os-release
    """
    codename = codename or machine_codename()
    for source in sources(apt):
        if "main" in source.components and codename in source.suites:
            return source
    raise LabError(
        f"the machine's apt sources name no mirror with the main component of {codename}")


def machine_codename() -> str:
    match = re.search(r'^VERSION_CODENAME="?(\w+)', Path("/etc/os-release").read_text(), re.M)
    if match is None:
        raise LabError("/etc/os-release has no VERSION_CODENAME; the lab needs a Debian machine")
    return match[1]


def transport_options() -> list[str]:
    """The machine's proxy and certificate settings, as apt configuration lines."""
    dump = run(["apt-config", "dump", "Acquire::http", "Acquire::https"], check=False).out
    return [line for line in dump.splitlines() if '""' not in line]
