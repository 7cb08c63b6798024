"""pyghmi, as a machine has it; what Talk does with it is tested with the agent (tests/agent)."""

import pytest

from lbha import packages, talk
from lbha.errors import LocalFault, NotInstalled


@pytest.mark.parametrize("error, kind, sentence", [
    (ModuleNotFoundError("No module named 'pyghmi'"), NotInstalled,
     "pyghmi cannot be used (No module named 'pyghmi'): install python3-pyghmi"),
    (ImportError("libssl.so: failed to map segment from shared object"), LocalFault,
     "pyghmi cannot be loaded: libssl.so: failed to map segment from shared object"),
])
def test_a_pyghmi_that_cannot_be_used(monkeypatch, error, kind, sentence):
    def load(importing):
        raise error

    monkeypatch.setattr(packages, "load", load)
    with pytest.raises(kind) as caught:
        talk.session_kind()
    assert type(caught.value) is kind and str(caught.value) == sentence
