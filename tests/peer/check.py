"""Parts of the peer for tests that compare them with Tcl's, as filters of standard input and output.

usage: check.py hid            the hid of this host
       check.py lists          reads lists, one a line in hex, and writes them again: ok HEX, or error
       check.py stream CHUNK   packets found in hex, fed CHUNK bytes at a time, as hex of their bodies
"""

import sys

import identity
import packet
import tcllist


def lists():
    for line in sys.stdin:
        try:
            items = tcllist.split(bytes.fromhex(line).decode())
            print("ok", tcllist.join(items).encode().hex())
        except tcllist.BadList:
            print("error")


def stream(chunk):
    data = bytes.fromhex(sys.stdin.read())
    splitter = packet.Splitter()
    for at in range(0, len(data), chunk):
        for body in splitter.feed(data[at:at + chunk]):
            print(body.hex())


if __name__ == "__main__":
    if sys.argv[1:] == ["hid"]:
        print(identity.host_id())
    elif sys.argv[1:] == ["lists"]:
        lists()
    elif len(sys.argv) == 3 and sys.argv[1] == "stream":
        stream(int(sys.argv[2]))
    else:
        sys.exit(__doc__)
