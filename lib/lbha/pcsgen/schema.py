"""Pacemaker's own schema (RELAX NG), where it is installed."""

import os

from lbha.pcsgen import libraries
from lbha.pcsgen.messages import Fault

FOLDER = "/usr/share/pacemaker"


def check(cib, report, folder=FOLDER):
    """Report what the schema that a CIB (lxml) names does not allow; whether it was there.

    Raises Fault when the schema is there and cannot be read.
    """
    name = cib.get("validate-with")
    path = os.path.join(folder, name + ".rng")
    if not os.path.exists(path):
        return False
    etree = libraries.etree()
    try:
        schema = etree.RelaxNG(etree.parse(path))
    except etree.LxmlError as error:
        raise Fault("schema-fault", path=path, error=error)
    if not schema.validate(etree.fromstring(etree.tostring(cib))):
        # the first complaint is the one that means something: later ones follow from it
        report.error(None, "schema", schema=name, reason=schema.error_log[0].message)
    return True
