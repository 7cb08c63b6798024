"""The configuration of ipmi_sim, OpenIPMI's BMC, which the lab and the agent level share."""

LAN = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
    {key}
  endlan
  chassis_control "{control}"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""

EMULATOR = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


def write(folder, control, user, password, name="bmc", address="127.0.0.1", port=623, key=None):
    """Write the files into `folder` (a Path); the arguments of ipmi_sim that name them.

    control  -- the program that is asked for the power, and told to switch it
    password -- bytes
    key      -- K_g, a text
    """
    (folder / "state").mkdir(parents=True, exist_ok=True)
    (folder / "emu").write_text(EMULATOR)
    (folder / "lan.conf").write_bytes(LAN.format(
        name=name, address=address, port=port, control=control, user=user,
        password=password.decode("latin-1"),
        key='bmc_key "%s"' % key if key else "").encode("latin-1"))
    return ["-c", str(folder / "lan.conf"), "-f", str(folder / "emu"),
            "-s", str(folder / "state"), "-n"]
