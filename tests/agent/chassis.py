"""The power button of a test BMC; ipmi_sim runs it for every chassis command:

    chassis.py FOLDER get power | set power 0|1 | set reset 1

FOLDER/behaviour names one of:
    honest        does what it is told and tells the truth
    refuses off   answers off with a completion code
    refuses on    answers on with a completion code
    stays on      accepts off and does nothing
    says off once accepts off, does nothing, says off at the first reading, then on
    slow          is off a second after it accepted off
    blind         does what it is told, and answers a reading with a completion code
    hangs         off takes longer than anybody waits
"""
import os
import sys
import time

folder, words = sys.argv[1], " ".join(sys.argv[2:])


def path(name):
    return os.path.join(folder, name)


def read(name):
    try:
        with open(path(name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(name, text):
    with open(path(name) + ".new", "w") as file:
        file.write(text)
    os.rename(path(name) + ".new", path(name))


def note(event):
    with open(path("log"), "a") as log:
        log.write("%.6f %s\n" % (time.time(), event))


def turn(on):
    write("power", "01"[on])
    note("on" if on else "off")


def get():
    due = read("off due")
    if due and time.time() >= float(due):
        os.unlink(path("off due"))
        turn(False)
    if behaviour == "blind":
        note("read refused")
        sys.exit(1)
    says = read("power")
    if behaviour == "says off once" and read("accepted") and not read("said"):
        write("said", "1")
        says = "0"
    note("read " + says)
    print("power:" + says)


def switch_off():
    note("asked off")
    if behaviour == "refuses off":
        sys.exit(1)
    write("accepted", "1")
    if behaviour == "hangs":
        time.sleep(60)
    if behaviour == "slow":
        write("off due", str(time.time() + 1))
    elif behaviour not in ("stays on", "says off once"):
        turn(False)


def switch_on():
    note("asked on")
    if behaviour == "refuses on":
        sys.exit(1)
    turn(True)


behaviour = read("behaviour")
actions = {"get power": get, "set power 0": switch_off, "set power 1": switch_on}
actions[words]()
