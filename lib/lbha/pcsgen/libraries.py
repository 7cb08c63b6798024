"""The two libraries that are not Python's own, and what to install where they are missing."""

from lbha.pcsgen.messages import Fault


def etree():
    """lxml.etree; Fault when it is missing."""
    try:
        from lxml import etree
    except ImportError:
        raise Fault("no-lxml")
    return etree


def openpyxl():
    """openpyxl; Fault when it is missing."""
    try:
        import openpyxl
    except ImportError:
        raise Fault("no-openpyxl")
    return openpyxl
