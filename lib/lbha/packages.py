"""Python packages of the distribution: found by an interpreter that was started without them
(-S), and imported without what only costs time."""

import sys


def load(importing):
    """The answer of `importing`, a function that imports what is not in the standard library.

    The site module only names its directories.  Its work is to run what any package left in
    a .pth file there, at every start of an interpreter; here it is done only when a module
    is not found, because such a file may lead to it.
    Raises ImportError.
    """
    import site

    if sys.flags.no_site:
        sys.path += [place for place in site.getsitepackages() if place not in sys.path]
    try:
        return importing()
    except ModuleNotFoundError:
        site.main()
        return importing()


def import_cryptography():
    """Import the beginning of cryptography, and have the rest come without examining itself.

    Versions 3.2 and 38, and those between, compare at every import the signatures of their own
    classes with those of their interfaces (cryptography.utils.verify_interface).  That can only
    find a mistake of cryptography's developers, and took, with the `inspect` that it needs, an
    eighth of a fence agent's status.
    Raises ImportError.
    """
    if "inspect" not in sys.modules:
        sys.modules["inspect"] = _Inspect("inspect")
    try:
        from cryptography import utils
    finally:
        _Inspect.step_aside()
    if hasattr(utils, "verify_interface"):
        utils.verify_interface = lambda *interface_and_class, **how: None


class _Inspect(type(sys)):
    """The module inspect, which is loaded when something is really asked of it."""

    def signature(self, *arguments, **named):
        return self.__getattr__("signature")(*arguments, **named)

    def __getattr__(self, name):
        self.step_aside()
        import inspect

        return getattr(inspect, name)

    @classmethod
    def step_aside(cls):
        """Let the next who imports inspect have the real one."""
        if isinstance(sys.modules.get("inspect"), cls):
            del sys.modules["inspect"]
