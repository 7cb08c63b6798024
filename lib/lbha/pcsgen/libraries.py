"""The two libraries that are not Python's own, and what to install where they are missing."""

from lbha.errors import NotInstalled


def etree():
    """lxml.etree; NotInstalled when it is missing."""
    try:
        from lxml import etree
    except ImportError:
        raise NotInstalled("library lxml is missing: install python3-lxml")
    return etree


def openpyxl():
    """openpyxl; NotInstalled when it is missing."""
    try:
        import openpyxl
    except ImportError:
        raise NotInstalled("library openpyxl, for xlsx files, is missing: install"
                           " python3-openpyxl, or use csv")
    return openpyxl
