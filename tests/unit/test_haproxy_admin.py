"""What HAProxy's answers are taken for; the answers are real, shortened on the right."""

import errno
import os
import shutil
import socket
import tempfile
import threading
import time

import hypothesis
import pytest
from hypothesis import strategies

from lbha.haproxy import admin

COLUMNS = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp," \
          "wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid," \
          "sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,\n"
STAT = COLUMNS + """\
main,FRONTEND,,,0,0,9975,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,0,0,0,,
web,web01,0,0,0,0,,0,0,0,,0,,0,0,0,0,%s,%s,1,0,1,1,2,2,,1,3,1,,0,,2,0,,0,L4CON,
web,web02,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,10,1,0,,,2,,,1,3,2,,0,,2,0,,0,,
web,BACKEND,0,0,0,0,998,0,0,0,0,0,,0,0,0,0,UP,10,1,0,,0,2,0,,1,3,0,,0,,1,0,,0,,

"""

# HAProxy 2.2.9, 2.6.12 and 3.0.11: a node between two others, the first of which is not
# there; both of the other two had called at once, so that both hung up again
PEERS = {
    "2.2": """\
0x55b772c9a9a0: [22/Nov/2026:21:50:05] id=lone state=0 flags=0x3 resync_timeout=<PAST>
  0x55b772c9aa30: id=node01(local,inactive) addr=127.0.0.1:10011 last_status=NONE \
reconnect=<NEVER> confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=0 proto_err=0
        flags=0x0

0x55b772c95e40: [22/Nov/2026:21:50:05] id=lbha state=0 flags=0x1 resync_timeout=3s
  0x55b772c99a70: id=node03(remote,active) addr=127.0.0.1:10003 last_status=CONN reconnect=3s \
confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=1 proto_err=0
        flags=0x0 appctx:0x55b772d300c0 st0=6 st1=0 task_calls=1 state=TAR
        shared tables:
          0x55b772c93600 local_id=1 remote_id=0 flags=0x3 remote_data=0x0
              last_acked=0 last_pushed=0 last_get=0 teaching_origin=0 update=0
              table:0x55b772ca0ed0 id=web update=0 localupdate=0 commitupdate=0 syncing=0
        TX dictionary cache:
        RX dictionary cache:
            0 -> -    1 -> -    2 -> -    3 -> -
  0x55b772c98b60: id=node02(remote,%s) addr=127.0.0.1:10002 last_status=ESTA reconnect=4s \
confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=1 proto_err=0
        flags=0x0
  0x55b772c95ef0: id=node01(local,inactive) addr=127.0.0.1:10001 last_status=NONE \
reconnect=<NEVER> confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=0 proto_err=0
        flags=0x0


""",
    "2.6": """\
0x558662d5d590: [22/Nov/2026:21:47:32] id=lone disabled=0 flags=0x33 resync_timeout=<PAST>
  0x558662d5d740: id=node01(local,inactive) addr=127.0.0.1:10011 last_status=NONE last_hdshk=<NEVER>
        reconnect=<NEVER> heartbeat=<NEVER> confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=0 coll=0
        flags=0x0

0x558662d583a0: [22/Nov/2026:21:47:32] id=lbha disabled=0 flags=0x6811 resync_timeout=3s
  0x558662d5c500: id=node03(remote,active) addr=127.0.0.1:10003 last_status=CONN last_hdshk=1s
        reconnect=3s heartbeat=<NEVER> confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=1 coll=0
        flags=0x0 appctx:0x7f8170039910 st0=6 st1=0 task_calls=2 state=TAR
  0x558662d5b4b0: id=node02(remote,%s) addr=127.0.0.1:10002 last_status=ESTA last_hdshk=1s
        reconnect=0s heartbeat=1s confirm=0 tx_hbt=0 rx_hbt=0 no_hbt=0 new_conn=1 coll=1
        flags=0x20000200 appctx:0x7f73b4039b60 st0=7 st1=0 task_calls=5 state=EST
        remote_table:0x55fd973391c0 id=web local_id=1 remote_id=1
        last_local_table:0x55fd973391c0 id=web local_id=1 remote_id=1
        shared tables:
          0x558662ea21c0 local_id=1 remote_id=1 flags=0x0 remote_data=0x0
              table:0x558662d646c0 id=web update=0 localupdate=0 commitupdate=0 refcnt=1
        Dictionary cache not dumped (use "show peers dict")
  0x558662d58510: id=node01(local,inactive) addr=127.0.0.1:10001 last_status=NONE last_hdshk=<NEVER>
        flags=0x0


""",
    "3.0": """\
0x7f419d69af00: [10/Jan/2027:14:27:56] id=lone disabled=0 flags=0x300003 resync_timeout=<PAST>
  0x7f419d630fc0: id=node01(local,inactive) addr=127.0.0.1:10011 app_state=STOPPED \
learn_state=NOTASSIGNED last_status=NONE last_hdshk=<NEVER>
        flags=0x0

0x7f419d69aa00: [10/Jan/2027:14:27:56] id=lbha disabled=0 flags=0x28100001 resync_timeout=3s
  0x7f419d630f00: id=node03(remote,active) addr=127.0.0.1:10003 app_state=STOPPED \
learn_state=NOTASSIGNED last_status=CONN last_hdshk=1s
        flags=0x0 appctx:0x7f419c79b100 st0=6 st1=0 task_calls=2 state=TAR
  0x7f419d630e40: id=node02(remote,%s) addr=127.0.0.1:10002 app_state=RUNNING \
learn_state=NOTASSIGNED last_status=ESTA last_hdshk=10s
        reconnect=3s heartbeat=1s confirm=0 tx_hbt=3 rx_hbt=3 no_hbt=0 new_conn=2 coll=1
        flags=0x100028 appctx:0x7f419c79b600 st0=7 st1=0 task_calls=10 state=EST
        shared tables:
              table:0x7f419c6d5000 id=web update=0 localupdate=0 commitupdate=0 refcnt=1
  0x7f419d630d80: id=node01(local,inactive) addr=127.0.0.1:10001 app_state=STOPPED \
learn_state=NOTASSIGNED last_status=NONE last_hdshk=<NEVER>
        flags=0x0


""",
}
# "show servers state" of 2.2.9 and 2.6.12; 1.8 has the columns up to srv_port
STATE_COLUMNS = ("# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
                 "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
                 "srv_check_result srv_check_health srv_check_state srv_agent_state "
                 "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port")
STATES = "1\n" + STATE_COLUMNS + """ srvrecord
3 web 1 configured 127.0.0.1 0 0 1 1 2 8 2 0 6 0 0 0 - 8071 -
3 web 2 lighter 127.0.0.1 2 0 5 10 2 1 0 2 0 0 0 0 - 8082 -
3 web 3 disabled 127.0.0.1 0 5 1 1 2 1 0 0 8 0 0 0 - 8083 -
3 web 4 enabled 127.0.0.1 2 4 1 1 1 1 0 5 6 0 0 0 - 8086 -
3 web 5 drained 127.0.0.1 0 8 1 1 1 8 2 0 6 0 0 0 - 8071 -
3 web 6 enabled-drained 127.0.0.1 2 12 1 1 1 1 0 0 8 0 0 0 - 8083 -
3 web 7 maintained 127.0.0.1 0 1 1 1 7 8 2 0 14 0 0 0 - 8071 -
3 web 8 both 127.0.0.1 0 9 1 1 7 8 2 0 14 0 0 0 - 8071 -
3 web 9 tracks-drained 127.0.0.1 0 16 1 1 1 1 0 2 0 0 0 0 - 8085 -
3 web 10 tracks-maintained 127.0.0.1 0 2 1 1 7 1 0 2 0 0 0 0 - 8085 -
3 web 11 nameless - 0 32 1 1 2 1 0 0 14 0 0 0 nosuch.invalid 80 -
3 web 12 agent 127.0.0.1 2 0 50 100 2 1 0 2 0 22 0 0 - 8084 -
3 web 13 agent-disabled 127.0.0.1 2 0 50 100 7 1 0 2 0 18 0 0 - 8084 -
3 web 14 srv-record 127.0.0.1 2 0 50 100 7 1 0 2 0 0 0 0 a.b 8084 _http._tcp.b

"""


@pytest.mark.parametrize("status, weight, up", (
    ("UP", "1", True), ("UP 1/3", "1", True), ("UP 1/3", "0", False), ("no check", "256", True),
    ("no check", "0", False), ("DOWN", "1", False), ("DOWN 1/2", "1", False),
    ("DOWN (agent)", "1", False), ("NOLB", "1", False), ("NOLB 1/2", "1", False),
    ("DRAIN", "1", False), ("DRAIN 1/3", "1", False), ("DRAIN (agent)", "1", False),
    ("MAINT", "1", False), ("MAINT (via web/web01)", "1", False),
    ("MAINT (resolution)", "1", False), ("", "1", False), ("UPSIDE", "1", False)))
def test_a_server_is_up_when_clients_are_sent_there(status, weight, up):
    first, second = admin.servers(STAT % (status, weight))
    assert (first.backend, first.name, first.status) == ("web", "web01", status)
    assert (first.weight, first.up) == (int(weight), up)
    assert (second.name, second.weight, second.up) == ("web02", 10, True)


def test_columns_go_by_their_names():
    text = "# type,new,status,svname,weight,pxname\n2,x,UP,web01,7,web\n0,x,STOP,,,main\n"
    server, = admin.servers(text)
    assert (server.backend, server.name, server.weight, server.up) == ("web", "web01", 7, True)
    assert admin.frontends(text) == {"main": "STOP"}


def test_frontends_are_told_from_servers_and_backends():
    assert admin.frontends(STAT % ("UP", "1")) == {"main": "OPEN"}


@pytest.mark.parametrize("version", PEERS)
@pytest.mark.parametrize("session, connected", (("active", True), ("inactive", False)))
def test_peers_are_connected_while_there_is_a_session(version, session, connected):
    lone, lbha = admin.peers(PEERS[version] % session)
    assert (lone.name, lone.resynced) == ("lone", True)
    assert [(peer.name, peer.local, peer.connected) for peer in lone.peers] == [
        ("node01", True, False)]
    assert (lbha.name, lbha.resynced) == ("lbha", False)
    assert [(peer.name, peer.local, peer.connected) for peer in lbha.peers] == [
        ("node03", False, False), ("node02", False, connected), ("node01", True, False)]
    # of 2.2 both had hung up before they taught anything
    assert [peer.name for peer in lbha.peers if peer.exhausted] == (
        [] if version == "2.2" else ["node02"])


@pytest.mark.parametrize("version, flags, exhausted", (
    ("2.6", "0x20000209", True), ("2.6", "0x8", False), ("2.6", "0x100", False),
    ("2.6", "junk", False), ("3.0", "0x28", True), ("3.0", "0x200", False)))
def test_a_peer_is_exhausted_when_it_has_taught_and_is_not_up_to_date(version, flags, exhausted):
    found = {"2.6": "0x20000200", "3.0": "0x100028"}[version]
    section = admin.peers((PEERS[version] % "active").replace(found, flags))[1]
    assert [peer.exhausted for peer in section.peers] == [False, exhausted, False]


def test_peers_of_2_0_have_no_word_for_active():
    section, = admin.peers(
        "0x1: [05/Oct/2020:10:00:00] id=lbha state=0 flags=0x3 resync_timeout=<PAST>\n"
        "  0x2: id=node02(remote) addr=127.0.0.1:10002 status=ESTA reconnect=4s confirm=0\n"
        "  0x3: id=node03(remote) addr=127.0.0.1:10003 status=CONN reconnect=4s confirm=0\n"
        "  0x4: id=node04(remote,inactive) addr=127.0.0.1:10003 status=ESTA reconnect=4s\n\n")
    assert [peer.connected for peer in section.peers] == [True, False, False]


@pytest.mark.parametrize("flags, resynced", (
    ("0x0", False), ("0x1", False), ("0x2", False), ("0x3", True), ("0x7", True),
    ("0x6833", True), ("0x28300003", True), ("0x6810", False), ("junk", False)))
def test_a_section_is_resynced_when_both_phases_are_over(flags, resynced):
    section, = admin.peers("0x1: [x] id=lbha disabled=0 flags=%s resync_timeout=3s\n" % flags)
    assert section.resynced is resynced


def test_an_unknown_command_is_no_empty_answer():
    # 1.8 and 2.2, 2.6, 3.0
    for text in ("Unknown command. Please enter one of the following commands only :\n",
                 "Unknown command, but maybe one of the following ones is a better match:\n",
                 "Unknown command: 'show', but maybe one of the following ones is a better\n"):
        assert admin.is_unknown(text)
        assert admin.peers(text) is None
    assert not admin.is_unknown("\n")
    assert admin.peers("\n") == []
    assert admin.is_denied("Permission denied\n\n") and not admin.is_denied("\n")


def test_info():
    fields = admin.info("Name: HAProxy\nPid: 4872\ndescription: a: b\nnode:\nStopping: 0\n\n")
    assert fields == {"Name": "HAProxy", "Pid": "4872", "description": "a: b", "node": "",
                      "Stopping": "0"}


def test_states_tell_what_was_set_from_what_follows():
    found = admin.states(STATES)
    assert {name: (state.mode, state.configured) for (_, name), state in found.items()} == {
        "configured": ("ready", "ready"), "lighter": ("ready", "ready"),
        "disabled": ("maint", "maint"), "enabled": ("ready", "maint"),
        "drained": ("drain", "ready"), "enabled-drained": ("drain", "maint"),
        "maintained": ("maint", "ready"), "both": ("maint", "ready"),
        "tracks-drained": ("ready", "ready"), "tracks-maintained": ("ready", "ready"),
        "nameless": ("ready", "ready"), "agent": ("ready", "ready"),
        "agent-disabled": ("ready", "ready"), "srv-record": ("ready", "ready")}
    assert {name for (_, name), state in found.items() if state.steered} == {
        "agent", "srv-record"}
    lighter = found["web", "lighter"]
    assert (lighter.weight, lighter.own_weight) == (5, 10)


def test_states_of_1_8_have_fewer_columns():
    text = "1\n%s\n3 web 1 web01 10.0.0.1 0 1 5 10 2 8 2 0 6 0 0 0 - 80\n\n" % STATE_COLUMNS
    (key, state), = admin.states(text).items()
    assert key == ("web", "web01")
    assert (state.mode, state.weight, state.own_weight, state.steered) == ("maint", 5, 10, False)


JUNK = strategies.one_of(
    strategies.text(),
    strategies.lists(strategies.sampled_from(
        [COLUMNS, "# ", STATE_COLUMNS, "\n", ",", " ", "  ", "2", "web", "UP", "=", "id=", "(",
         "flags=0x", "0x1: id=a flags=3\n", "  0x2: id=b", "9" * 5000, "\x00", "Unknown"])
    ).map("".join))


@hypothesis.given(JUNK)
def test_no_answer_makes_a_reader_fail(text):
    for read in (admin.info, admin.servers, admin.frontends, admin.peers, admin.states):
        read(text)


class Listener:
    """A socket whose every client gets the same treatment."""

    def __init__(self, treat):
        self.folder = tempfile.mkdtemp()
        self.path = self.folder + "/admin.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(1)
        self.heard = b""
        self.treat = treat
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        client = self.socket.accept()[0]
        try:
            self.heard = client.recv(1000)
            self.treat(client)
        except OSError:
            pass  # it went away, as it may
        finally:
            client.close()

    def close(self):
        self.thread.join(10)
        self.socket.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def listen():
    """Starts Listeners and ends them."""
    started = []

    def start(treat):
        started.append(Listener(treat))
        return started[-1]
    yield start
    for listener in started:
        listener.close()


def test_an_answer_in_parts_is_one_answer(listen):
    def parts(client):
        for part in (b"Name: ", b"HAProxy\n", "héhé\n".encode(), b"\xff\n"):
            client.sendall(part)
            time.sleep(0.01)
    listener = listen(parts)
    assert admin.ask(listener.path, "show info", 1.0) == "Name: HAProxy\nhéhé\n\ufffd\n"
    assert listener.heard == b"show info\n"


def test_silence_is_a_timeout(listen):
    over = threading.Event()
    listener = listen(lambda client: over.wait(10))
    start = time.monotonic()
    with pytest.raises(socket.timeout):
        admin.ask(listener.path, "show info", 0.2)
    assert 0.15 < time.monotonic() - start < 5
    over.set()


def test_an_answer_without_end_is_a_timeout(listen):
    def drip(client):
        for _ in range(1000):
            client.sendall(b"x\n")
            time.sleep(0.01)
    start = time.monotonic()
    with pytest.raises(socket.timeout):
        admin.ask(listen(drip).path, "show info", 0.1)
    assert time.monotonic() - start < 5


def test_nothing_at_all_is_no_answer(listen):
    for said in (b"", b"Name: HAPro"):
        with pytest.raises(ConnectionResetError) as caught:
            admin.ask(listen(lambda client, said=said: client.sendall(said)).path, "help", 1.0)
        assert caught.value.errno == errno.ECONNRESET
        assert caught.value.strerror == os.strerror(errno.ECONNRESET)


def test_no_socket_is_an_error_of_its_own(listen):
    with pytest.raises(FileNotFoundError):
        admin.ask("/nonexistent/admin.sock", "show info", 1.0)
    listener = listen(lambda client: client.sendall(b"\n"))
    assert admin.ask(listener.path, "help", 1.0) == "\n"
    listener.socket.close()
    with pytest.raises(ConnectionRefusedError):
        admin.ask(listener.path, "help", 1.0)
