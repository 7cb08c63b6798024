"""Python packages of the distribution, for an interpreter that was started without them (-S)."""

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
