"""IPMI 2.0, as far as fencing needs it: numbers, words and the layout of answers.

Source: IPMI Specification, second generation, version 2.0; the sections are named.
"""

import _socket
import os
import struct

from lbha import names, options, spec, values
from lbha.errors import LocalFault, WrongParameter

LONGEST_USERNAME = 16  # bytes; 22.28 Set User Name
LONGEST_PASSWORD = 20  # bytes; 22.30 Set User Password
LONGEST_KG = 20        # bytes; 13.31

# Network functions and their commands; appendix G, Command Assignments
CHASSIS, APP = 0x00, 0x06
CHASSIS_STATUS, CHASSIS_CONTROL, RESTART_CAUSE = 0x01, 0x02, 0x07
DEVICE_ID, SESSION_INFO = 0x01, 0x3D
COMMANDS = {
    (CHASSIS, CHASSIS_STATUS): "Get Chassis Status",
    (CHASSIS, CHASSIS_CONTROL): "Chassis Control",
    (CHASSIS, RESTART_CAUSE): "Get System Restart Cause",
    (APP, DEVICE_ID): "Get Device ID",
    (APP, SESSION_INFO): "Get Session Info",
}
POWER_DOWN, POWER_UP, POWER_CYCLE = 0, 1, 2  # 28.3 Chassis Control
THIS_SESSION = 0x00                          # 22.20 Get Session Info

PRIVILEGES = ("callback", "user", "operator", "administrator")  # 1 to 4; 22.18
CIPHER_SUITES = {1: 3, 256: 17}  # by their hash, SHA-1 and SHA-256; table 22-19

# Table 5-2, Completion Codes
DONE = 0x00
NO_PRIVILEGE, NOT_IN_PRESENT_STATE = 0xD4, 0xD5
BUSY = {
    0xC0: "node busy",
    0xC3: "its own command took too long",
    0xC4: "out of space",
    0xCE: "no response could be given",
    0xCF: "duplicated request",
    0xD0: "repository in update",
    0xD1: "firmware update in progress",
    0xD2: "still initialising",
}
REFUSED = {
    0xC1: "invalid command",
    0xC2: "invalid command for this LUN",
    0xC7: "wrong length of data",
    0xC9: "parameter out of range",
    0xCB: "no such thing",
    0xCC: "invalid field",
    0xD3: "destination unavailable",
    NO_PRIVILEGE: "insufficient privilege",
    NOT_IN_PRESENT_STATE: "not supported in present state",
    0xD6: "disabled",
    0xFF: "unspecified error",
}

PERMANENT = (0xC1, 0xC2, NO_PRIVILEGE, 0xD6)  # of those: asking again changes nothing

# 28.2 Get Chassis Status: bits of the first three bytes
POWER_IS_ON = 0x01
TROUBLES = ((0, 0x02, "overload"), (0, 0x04, "interlock active"), (0, 0x08, "power fault"),
            (0, 0x10, "power control fault"), (2, 0x08, "cooling fault"))
POLICIES = ("stays off", "as it was", "comes on", "unknown")
# 28.11 Get System Restart Cause
RESTARTS = ("unknown", "chassis control", "reset button", "power button", "watchdog", "OEM",
            "power restored, policy always on", "power restored, policy as it was",
            "platform event", "platform event, power cycle", "soft reset", "real-time clock")


def words(code):
    """What a completion code says."""
    return "%s (code 0x%02x)" % (BUSY.get(code) or REFUSED.get(code) or "unknown", code)


def is_on(data):
    """Whether an answer to Get Chassis Status says that the power is on; 28.2."""
    return bool(data[0] & POWER_IS_ON)


def chassis(data):
    """Get Chassis Status in words; 28.2. Raises IndexError for what is too short."""
    found = [word for byte, bit, word in TROUBLES if data[byte] & bit]
    return "%s; after a loss of mains the node %s%s" % (
        "ON" if is_on(data) else "OFF", POLICIES[data[0] >> 5 & 3],
        "; " + ", ".join(found) if found else "")


def restart_cause(data):
    """Get System Restart Cause in words; 28.11."""
    cause = data[0] & 0x0F
    return RESTARTS[cause] if cause < len(RESTARTS) else "unknown"


def device(data):
    """Get Device ID in words; 20.1. Raises struct.error for what is too short."""
    _, _, major, minor, version, _, low, high, product = struct.unpack_from(
        "<BBBBBBHBH", bytes(data))
    return "firmware %d.%02x, IPMI %d.%d, manufacturer %d, product %d" % (
        major & 0x7F, minor, version & 0x0F, version >> 4, low | (high & 0x0F) << 16, product)


def sessions(data):
    """Get Session Info in words; 22.20."""
    return "%d of %d in use" % (data[2] & 0x3F, data[1] & 0x3F)


# What a person is told: topic, network function, command, data, and the answer in words.
REPORT = (
    ("Device", APP, DEVICE_ID, (), device),
    ("Power", CHASSIS, CHASSIS_STATUS, (), chassis),
    ("Last start", CHASSIS, RESTART_CAUSE, (), restart_cause),
    ("Sessions", APP, SESSION_INFO, (THIS_SESSION,), sessions),
)


class Key(values.Text):
    """A key in hexadecimal digits; the value is bytes."""

    wants = "an even number of hexadecimal digits, at most %d" % (LONGEST_KG * 2)

    def parse(self, text):
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if not 0 < len(key) <= LONGEST_KG:
            raise ValueError("is not %s" % self.wants)
        return key

    def show(self, value):
        return value.hex()


# How a BMC is found and what it asks who comes.
OPTIONS = (
    spec.Parameter(
        "ip", names.Host(), "Address or name of the BMC",
        "An address is better than a name: fencing then needs no name server. Needed, unless "
        "port_as_ip says otherwise.", aliases=("ipaddr",), flag="a"),
    spec.Parameter(
        "ipport", values.Integer(1, 65535), "UDP port of the BMC",
        "IPMI's own is 623.", default=623, flag="u"),
    spec.Parameter(
        "username", values.Text(), "User of the BMC",
        "At most %d bytes; it needs the privilege of privlvl." % LONGEST_USERNAME,
        default="", aliases=("login",), flag="l", verbatim=True),
    spec.Parameter(
        "password", values.Text(), "Password of the user",
        "At most %d bytes, as it stands, with blanks and quotes." % LONGEST_PASSWORD,
        secret=True, aliases=("passwd",), flag="p"),
    spec.Parameter(
        "password_script", values.Text(), "Program that prints the password",
        "An absolute path, and arguments between blanks; no shell is involved. The first "
        "line is the password; exit code 0 is wanted. Counts before the other two.",
        aliases=("passwd_script",), flag="S"),
    spec.Parameter(
        "password_file", values.Path(), "File with the password",
        "Its first line is the password; only root should be able to read it. Counts "
        "before password."),
    spec.Parameter(
        "plug", values.Text(), "The node, by the name that Pacemaker knows",
        "Pacemaker sends it with every call about a node. A BMC has one node only, so it "
        "counts only with port_as_ip.", aliases=("port",), flag="n"),
    spec.Parameter(
        "port_as_ip", values.Boolean(), "plug is the address of the BMC",
        "One resource can then fence several nodes: pcmk_host_map says which address belongs "
        "to which. ip is not used then, but for a monitor, which is about no node.",
        default=False),
    spec.Parameter(
        "privlvl", values.Choice(*PRIVILEGES), "Privilege level of the session",
        "Power control needs operator. When not given, operator is tried where the BMC "
        "refuses administrator.", default="administrator", flag="L"),
    spec.Parameter(
        "hexadecimal_kg", Key(), "K_g of the BMC in hexadecimal digits",
        "Only for a BMC whose K_g was set.", secret=True),
    options.idle("lanplus", values.Boolean(), "IPMI 2.0 (lanplus) is what is always spoken.",
                 default=True, flag="P"),
    options.idle("auth", values.Choice("md5", "password", "none"),
                 "A choice of IPMI 1.5 only.", flag="A"),
    options.idle("ipmitool_path", values.Text(), "ipmitool is not used."),
    options.idle("ipmitool_timeout", values.Seconds(), "login_timeout bounds the login."),
    options.idle("use_sudo", values.Boolean(), "The agent runs as root.", aliases=("sudo",)),
    options.idle("sudo_path", values.Text(), "The agent runs as root."),
)
ABOUT_NO_NODE = ("monitor", "diag", "validate-all")  # actions, for which ip will do


def host(p):
    """The address or name of the BMC that the parameters speak of, or None."""
    return p.plug if p.port_as_ip and p.plug else p.ip


def locate(p, deadline):
    """The address of the BMC in digits, with its scope if it needs one. Raises LocalFault."""
    word = host(p)
    places, unknown = names.locate([word], deadline)
    if word not in places:
        raise LocalFault("BMC %s is not found: %s" % (word, unknown[word]))
    address, scope = places[word]
    return "%s%%%d" % (address, scope) if scope else str(address)


def check_route(name, address, port):
    """Raise LocalFault when this node knows no way to an address that locate() gave.

    It is told as what another try may mend: a link that comes back just now, say.
    """
    digits, _, scope = address.partition("%")
    family, more = _socket.AF_INET, ()
    if ":" in digits:
        family, more = _socket.AF_INET6, (0, int(scope or 0))
    try:
        ours = _socket.socket(family, _socket.SOCK_DGRAM)
        try:
            ours.connect((digits, port) + more)
        finally:
            ours.close()
    except OSError as error:
        raise LocalFault("this node has no route to %s: %s" % (name, error.strerror))


def check(p):
    """Raise WrongParameter for what OPTIONS cannot say one by one."""
    if not p.port_as_ip:
        if not p.ip:
            raise WrongParameter("ip is missing: wanted %s" % names.Host.wants)
    elif p.plug:
        try:
            names.Host().parse(p.plug)
        except ValueError as error:
            raise WrongParameter('plug="%s" %s' % (spec.shorten(p.plug), error))
    elif not p.ip or p.action.lower() not in ABOUT_NO_NODE:
        # to go on with ip might be to fence another node
        raise WrongParameter("plug is missing: port_as_ip wants it to be the address")
    check_length("username", p.username, LONGEST_USERNAME)
    check_length("password", p.password or "", LONGEST_PASSWORD)


def check_length(name, text, longest):
    """Raise WrongParameter for a text of more than `longest` bytes."""
    if len(os.fsencode(text)) > longest:
        raise WrongParameter("%s is longer than IPMI allows: wanted at most %d bytes"
                             % (name, longest))
