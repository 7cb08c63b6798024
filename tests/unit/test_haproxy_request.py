"""URLs of check_url: taken apart, and refused."""

import pytest

from lbha.haproxy.request import Url, split


@pytest.mark.parametrize("url, parts", [
    ("http://lb", ("http", "lb", 80, "/")),
    ("https://lb/", ("https", "lb", 443, "/")),
    ("http://192.168.1.10:8404/health?a=/b//c", ("http", "192.168.1.10", 8404,
                                                 "/health?a=/b//c")),
    ("http://[fd00::1]/x", ("http", "fd00::1", 80, "/x")),
    ("https://[::1]:8443", ("https", "::1", 8443, "/")),
    ("http://lb?query", ("http", "lb", 80, "/?query")),
    ("http://lb:81/a#part", ("http", "lb", 81, "/a")),
])
def test_a_url_in_parts(url, parts):
    assert split(url) == parts
    assert Url().parse(url) == url == Url().show(url)


@pytest.mark.parametrize("text", [
    "", "lb", "//lb/", "ftp://lb/", "HTTP//lb", "http://", "http:///x", "http://lb:/",
    "http://lb:0/", "http://lb:65536/", "http://lb:x/", "http://lb:-1/", "http://lb:\u0661/",
    "http://me@lb/", "http://lb/a b", "http://lb/\n", "http://lb/\u00fc", "http://[::1/",
    "http://l b/"])
def test_what_is_no_url(text):
    with pytest.raises(ValueError, match="is not a URL such as http://"):
        Url().parse(text)
