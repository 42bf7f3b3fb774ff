"""A member of a cluster in Python's standard library, written from doc/wire.md alone.

usage: peer.py join GROUP PORT TAGS ?HID?   be a member until `bye` or the end of standard input
       peer.py hid                          the hid of this host
       peer.py vectors FILE                 encodes and decodes every packet of the golden vectors
       peer.py lists                        reads lists, one a line in hex, and writes them again
       peer.py stream CHUNK                 packets found in hex on standard input, fed CHUNK bytes at a time

TAGS is a Tcl list. A member writes a line, a Tcl list, for whatever happens, and takes commands, Tcl lists
as well, from standard input: event SID DATA, query SID DATA, tags LIST, bye.
"""

import os
import selectors
import sys

import host
import tcllist
import wire


def say(*words):
    print(tcllist.write_list(words), flush=True)


# ---- a member --------------------------------------------------------------


def answer(other, data):
    """What queries get: their words in reverse order; an error for `fail`."""
    if data == "fail":
        raise ValueError("told to fail")
    return tcllist.write_list(tcllist.read_list(data)[::-1])


def tell(what, other, payload):
    if what == "member":
        say("member", other.sid, tcllist.write_list(other.tags), str(other.port()))
    elif what == "response":
        kind = "error" if "error" in payload else "data"
        say("response", other.sid, kind, payload.get(kind, ""))
    elif what == "event":
        say("event", other.sid, payload.get("data", ""), payload.get("raw", b"").hex())
    else:
        say(what, other.sid)


class Commands:
    """Standard input, a line at a time."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.waiting = b""
        self.over = False
        os.set_blocking(0, False)
        cluster.selector.register(sys.stdin, selectors.EVENT_READ, self.read)

    def read(self, file):
        data = os.read(0, 65536)
        *lines, self.waiting = (self.waiting + data).split(b"\n")
        for line in lines:
            self.run(tcllist.read_list(line.decode("utf-8")))
        self.over = self.over or not data

    def run(self, words):
        if words[0] in ("event", "query"):
            for other in list(self.cluster.others.values()):
                if other.sid == words[1]:
                    getattr(self.cluster, words[0])(other, words[2])
        elif words[0] == "tags":
            self.cluster.tags = tcllist.read_list(words[1])
            self.cluster.beat()
        elif words[0] == "bye":
            self.over = True


def join(group, port, tags, hid=None):
    import member

    cluster = member.Member(group, int(port), hid or host.hid(), tcllist.read_list(tags), tell, answer)
    say("joined", cluster.sid, cluster.hid, str(cluster.tcp_port))
    commands = Commands(cluster)
    while not commands.over:
        cluster.turn()
    cluster.leave()
    say("left")


# ---- checks of its parts ---------------------------------------------------


def typed(payload):
    """A payload as the vectors write it, with values as the codec wants them."""
    kinds = {
        "varint": int,
        "string": str,
        "raw": lambda value: value.encode("latin-1"),
        "list": tcllist.read_list,
        "boolean": lambda value: value not in ("0", "no", "false"),
    }
    return {name: kinds[wire.IDS[name][1]](value) for name, value in payload.items()}


def check_vector(name, payload, packet):
    expected = typed(tcllist.read_dict(payload))
    if wire.encode(expected) != packet:
        say("wrong", name, "encoded", wire.encode(expected).hex())
    if wire.decode(packet) != expected or list(wire.decode(packet)) != list(expected):
        say("wrong", name, "decoded", repr(wire.decode(packet)))
    for length in range(0, len(packet), 1 + len(packet) // 256):
        try:
            wire.decode(packet[:length])
            say("wrong", name, "accepted", str(length))
        except wire.Incomplete:
            pass


def vectors(path):
    count = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            if not line.startswith("#"):
                name, payload, packet = line.rstrip("\n").split("\t")
                check_vector(name, payload, bytes.fromhex(packet))
                count += 1
    say("checked", str(count))


def lists():
    for line in sys.stdin:
        try:
            elements = tcllist.read_list(bytes.fromhex(line).decode("utf-8"))
            print("ok", tcllist.write_list(elements).encode("utf-8").hex())
        except tcllist.NotList:
            print("error")


def stream(chunk):
    data = bytes.fromhex(sys.stdin.read())
    reassembler = wire.Stream()
    for at in range(0, len(data), int(chunk)):
        for packet in reassembler.feed(data[at : at + int(chunk)]):
            print(packet.hex())


if __name__ == "__main__":
    commands = {"join": join, "hid": lambda: print(host.hid()), "vectors": vectors, "lists": lists, "stream": stream}
    commands[sys.argv[1]](*sys.argv[2:])
