"""What `bind` lines say, by the examples of HAProxy's manual, and what they do not."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha.deadline import Deadline, enforce
from lbha.haproxy import binds
from lbha.sockets import Endpoint
from lbha.values import IP


def lines(folder, text, name="haproxy.cfg"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def texts(paths):
    return ["%s %s" % ("[::]" if found.address == "::" else found.address, found.port)
            for found in binds.wanted(map(str, paths))]


# a bind line without the word, and what it means
BINDS = (
    # configuration manual 4.2, "bind": the examples
    (":80,:443", ["0.0.0.0 80", "0.0.0.0 443"]),
    ("10.0.0.1:10080,10.0.0.1:10443", ["10.0.0.1 10080", "10.0.0.1 10443"]),
    ("/var/run/ssl-frontend.sock user root mode 600 accept-proxy", []),
    (":80", ["0.0.0.0 80"]),
    (":443 ssl crt /etc/haproxy/site.pem", ["0.0.0.0 443"]),
    ("ipv6@:80", ["[::] 80"]),
    ("ipv4@public_ssl:443 ssl crt /etc/haproxy/site.pem", []),
    ("unix@ssl-frontend.sock user root mode 600 accept-proxy", []),
    ("quic4@10.0.0.1:8888 ssl crt /etc/mycrt", []),
    # its arguments
    ("*:80", ["0.0.0.0 80"]),
    ("0.0.0.0:80", ["0.0.0.0 80"]),
    (":::443", ["[::] 443"]),
    ("::1:80", ["::1 80"]),
    ("[::]:80", ["[::] 80"]),
    ("[2001:DB8::0:10]:80", ["2001:db8::10 80"]),
    ("ipv6@*:80", ["[::] 80"]),
    ("ipv6@::1:80", ["::1 80"]),
    ("ipv4@10.0.0.1:80", ["10.0.0.1 80"]),
    ("tcp@10.0.0.1:80", ["10.0.0.1 80"]),
    ("tcp4@:80", ["0.0.0.0 80"]),
    ("tcp6@:80", ["[::] 80"]),
    ("stream+ipv4@10.0.0.1:80", ["10.0.0.1 80"]),
    (":8000-8003", ["0.0.0.0 %d" % port for port in range(8000, 8004)]),
    ("::1:8000-8001,10.0.0.1:1", ["::1 8000", "::1 8001", "10.0.0.1 1"]),
    ("abns@name,fd@3,sockpair@4,udp@:80,udp4@:80,udp6@:80,quic6@:80,rhttp@x/y,:81",
     ["0.0.0.0 81"]),
    ("www.example.com:80,localhost:81", []),
    # not what the manual allows
    (":0", []), (":65536", []), (":65535", ["0.0.0.0 65535"]), (":80-79", []), (":", []),
    (":+80", []), (":80\xa0", []), (":8_0", []), ("\N{ARABIC-INDIC DIGIT ONE}:80", []), (":1-", []),
    (":\N{ARABIC-INDIC DIGIT ONE}", []), ("10.0.0.1", []), ("[::1]", []), ("[::1]80", []),
    ("[10.0.0.1]:80", []), ("ipv6@10.0.0.1:80", []), ("ipv4@::1:80", []), ("[]:80", []),
    ("010.0.0.1:80", []), ("10.1:80", []), ("foo@10.0.0.1:80", []), ("::80", []), ("", []),
    # 2.2, quoting; 2.3, variables
    ("\":80\"", ["0.0.0.0 80"]), ("':80'", ["0.0.0.0 80"]), (":8\"0\"", ["0.0.0.0 80"]),
    (r"\:80", ["0.0.0.0 80"]), (r":\x380", ["0.0.0.0 80"]), (r'":\x380"', ["0.0.0.0 80"]),
    (r"':\x380'", []), (":80 # :81", ["0.0.0.0 80"]), (":80#,:81", ["0.0.0.0 80"]),
    ("#:80", []), ("\"#\":80", []), ("':80", []), ("\":80", []), (":80\\", []),
    ("\"${ADDRESS}:80\",:81", ["0.0.0.0 81"]), ("\"${ADDRESS}\"", []), ("$A:80", []),
    ("10.0.0.1:\"${PORT}\"", []), (":80 name \"it's me\"", ["0.0.0.0 80"]),
    # 5.1, options
    (":80 namespace blue", []), (":80 interface no-such-one", []), (":80 interface", []),
    (":80 interface \\x00", []), (":80 interface \"$DEVICE\"", []),
)


@pytest.mark.parametrize("bind, meant", BINDS, ids=[bind for bind, _ in BINDS])
def test_a_bind_line_means_these_addresses(tmp_path, bind, meant):
    path = lines(tmp_path, "frontend f\n\tbind  %s\n" % bind)
    assert texts([path]) == meant


def test_every_section_that_listens_and_the_line_of_each(tmp_path):
    path = lines(tmp_path, """
global
    stats socket /run/x.sock
defaults
    mode http
frontend f  # bind :1
    bind :2
  "bind" ':3'
listen l
    bind :4
    server s 10.0.0.1:5 check
peers p
    bind :6
    server here
    peer there 10.0.0.2:7
# bind :8
log-forward g
    dgram-bind :9
    bind :10\r
""")
    found = binds.wanted([str(path)])
    assert [(one.port, one.where) for one in found] == [
        (2, "haproxy.cfg:7"), (3, "haproxy.cfg:8"), (4, "haproxy.cfg:10"),
        (6, "haproxy.cfg:13"), (10, "haproxy.cfg:19")]


def test_conditional_blocks_are_left_out(tmp_path):
    path = lines(tmp_path, "frontend f\n.if a\n.if b\nbind :1\n.endif\nbind :2\n.else\n"
                 "bind :3\n.endif\nbind :4\n.notice x\n")
    assert texts([path]) == ["0.0.0.0 4"]


def test_nobody_listens_for_what_is_disabled(tmp_path):
    path = lines(tmp_path, """
frontend a
    bind :1
    disabled
peers p
    disabled
    bind :2
defaults
    disabled
frontend b
    bind :3
frontend c
    bind :4
    enabled
peers q
    bind :5
defaults
listen d
    bind :6
""")
    assert [found.port for found in binds.wanted([str(path)])] == [4, 5, 6]


def test_a_directory_is_its_cfg_files_in_the_order_of_the_c_locale(tmp_path):
    for port, name in enumerate(("b.cfg", "B.cfg", "a.cfg", "\xe4.cfg", ".c.cfg", "d.conf"), 1):
        lines(tmp_path, "listen l\nbind :%d\n" % port, name)
    (tmp_path / "e.cfg").mkdir()
    os.mkfifo(str(tmp_path / "f.cfg"))
    (tmp_path / "g.cfg").symlink_to("missing")
    only = lines(tmp_path, "listen l\nbind :99\n", "other.conf")
    found = enforce(Deadline(10), "a file that is none keeps everything waiting", binds.wanted,
                    [str(tmp_path / "missing"), str(only), str(tmp_path)])
    assert [one.where for one in found] == [
        "other.conf:2", "B.cfg:2", "a.cfg:2", "b.cfg:2", "\xe4.cfg:2"]
    assert [one.port for one in found] == [99, 2, 3, 1, 4]


@pytest.mark.parametrize("options, meets4", (
    ("v6only", False), ("v4v6", True), ("v4v6 v6only", False), ("v6only v4v6", False)))
def test_a_wildcard_of_ipv6_covers_ipv4_as_its_options_say(tmp_path, options, meets4):
    found, = binds.wanted([str(lines(tmp_path, "frontend f\nbind :::80 %s\n" % options))])
    assert found.overlaps(Endpoint(IP("10.0.0.1").packed, 80)) is meets4
    assert found.overlaps(Endpoint(IP("::1").packed, 80))


def test_without_an_option_it_covers_ipv4_as_the_system_says(tmp_path, monkeypatch):
    path = lines(tmp_path, "frontend f\nbind :::80\n")
    for setting, meets4 in (("0", True), ("1", False), (None, True)):
        monkeypatch.setattr(binds.host, "sysctl", {"net.ipv6.bindv6only": setting}.get)
        found, = binds.wanted([str(path)])
        assert found.overlaps(Endpoint(IP("10.0.0.1").packed, 80)) is meets4


def test_an_interface_keeps_apart(tmp_path):
    found, = binds.wanted([str(lines(tmp_path, "frontend f\nbind :80 interface lo\n"))])
    same = Endpoint(IP("10.0.0.1").packed, 80, found.device)
    other = Endpoint(IP("10.0.0.1").packed, 80, found.device + 1)
    assert found.device and found.overlaps(same) and not found.overlaps(other)


@given(st.lists(st.sampled_from((
    "bind", " ", "\n", "frontend f\n", "defaults", "disabled", ".if", ".endif", ":80", ":1-9",
    "::1", "[", "]", "@", "ipv6", "stream+", ",", "\"", "'", "\\", "#", "$", "\\x00", "x",
    "interface ", "v6only", "*", "\0", "\xe4", "\x85", "\r")) | st.characters()))
def test_no_text_is_too_strange(tmp_path_factory, parts):
    text = "".join(parts).encode("utf-8", "surrogatepass")
    path = lines(tmp_path_factory.getbasetemp(), text, "strange.cfg")
    for found in binds.wanted([str(path)]):
        assert 0 < found.port < 65536 and IP(found.address) and found.where


@given(st.binary())
def test_no_file_is_too_strange(tmp_path_factory, data):
    path = lines(tmp_path_factory.getbasetemp(), b"frontend f\nbind " + data, "strange.cfg")
    assert all(found.where.startswith("strange.cfg:") for found in binds.wanted([str(path)]))
