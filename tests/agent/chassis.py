"""The power button of a test BMC; ipmi_sim runs it for every chassis command:

    chassis.py FOLDER get power | set power 0|1 | set reset 1

FOLDER/behaviour names one of:
    honest        does what it is told and tells the truth
    refuses off   answers off with a completion code
    refuses on    answers on with a completion code
    stays on      accepts off and does nothing
    says off once accepts off, does nothing, says off at the first reading, then on
    flickers      accepts off, does nothing, says off for 0.2 s and then on
    slow          is off a second after it accepted off
    very slow     is off 10 s after it accepted off
    comes back    is really off, and powers itself on after a second
    interrupted   is off, but somebody switches it on 0.1 s after the first off
    blind         does what it is told, and answers a reading with a completion code
    refuses first answers the first off with a completion code
    ignores first accepts the first off and does nothing
    hangs         off takes longer than anybody waits
    dies          is off, and on takes longer than anybody waits
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


def is_due(name):
    """Whether what was put off until a time is to be done now."""
    due = read(name)
    if not due or time.time() < float(due):
        return False
    os.unlink(path(name))
    return True


def get():
    if is_due("off due"):
        turn(False)
    if is_due("on due"):
        turn(True)
    if behaviour == "blind":
        note("read refused")
        sys.exit(1)
    says = read("power")
    if behaviour == "says off once" and read("accepted") and not read("said"):
        write("said", "1")
        says = "0"
    if behaviour == "flickers" and time.time() < float(read("accepted") or 0) + 0.2:
        says = "0"
    note("read " + says)
    print("power:" + says)


def switch_off():
    note("asked off")
    again = read("accepted")
    write("accepted", str(time.time()))
    if behaviour == "refuses off" or behaviour == "refuses first" and not again:
        sys.exit(1)
    if behaviour == "hangs":
        time.sleep(60)
    if behaviour in SLOW:
        if not read("off due"):
            write("off due", str(time.time() + SLOW[behaviour]))
    elif behaviour == "ignores first" and not again:
        return
    elif behaviour not in ("stays on", "says off once", "flickers"):
        turn(False)
    if behaviour == "comes back" or behaviour == "interrupted" and not again:
        write("on due", str(time.time() + (1 if behaviour == "comes back" else 0.1)))


def switch_on():
    note("asked on")
    if behaviour == "refuses on":
        sys.exit(1)
    if behaviour == "dies":
        time.sleep(60)
    turn(True)


SLOW = {"slow": 1, "very slow": 10}
behaviour = read("behaviour")
actions = {"get power": get, "set power 0": switch_off, "set power 1": switch_on}
actions[words]()
