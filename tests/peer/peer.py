"""One member of a cluster, for looking at and talking to others, from the command line.

The files beside this one, and this one, are Python's standard library alone. They were written
from doc/wire.md alone, by somebody who had not seen the library's code: what works between the
two is what that page says. Since then it was mended where the page was, by somebody who had, and
the command line fitted to the tests.
"""

import argparse
import asyncio
import json
import os
import signal
import threading

import tcllist
from cluster import Cluster
from listener import Listener

HAPPENINGS = """\
One line is printed for each happening (TEXT and TAGS are JSON strings, TAGS of a Tcl list, OVER is c or t):
  joined SID HID PORT               the beginning; PORT is the TCP listener's
  discovered SID HID PORT tags TAGS a member is there; PORT is 0 when it told none
  tags SID TAGS                     a member has other tags now
  lost SID WHY                      goodbye, silent, unreachable or crashed
  acked SID MS                      a member answered a probe for the first time, after MS milliseconds
  suspect SID                       a member does not answer probes
  alive SID                         ... and does now
  relayed SID BY                    it was probed because BY asked for that, and answered
  helped SID BY                     it answered BY, whom we had asked to probe it
  refuted N                         somebody suspected us, who have incarnation N now
  incarnation SID N                 a member has another incarnation
  event SID OVER TEXT               an event came (raw SID OVER HEX if it has raw bytes)
  query SID OVER TEXT               a query came (and was answered)
  late SID RUID                     our answer to a query came when nobody waited any more
  asked RUID N                      a query was sent to N members
  answer RUID SID TEXT              it was answered
  failed RUID SID TEXT              it was answered with an error, or not at all
  done RUID ANSWERED FAILED         nobody is awaited any more
  sent N                            an event was sent directly to N members
  cast                              an event was multicast
  members SIDS                      in answer to the command
  wrong TEXT                        a command could not be followed
  left                              the end
Commands on standard input, as they are (TARGET is a sid, a hid, a tag, or * for all; TAGS a Tcl list):
  query TARGET TEXT, send TARGET TEXT     directly
  queryc TARGET TEXT, sendc TARGET TEXT   over multicast
  tags TAGS, members, leave
  hangup                                  closes all connections
The end of standard input, SIGINT and SIGTERM are like `leave`.
An event that is to be confirmed and whose text is "fail TEXT" is printed and fails with TEXT.
Queries are answered: "echo X" with X, "tags" with the own tags, "members" with the sids known.
"""
MAX_LINE = 1 << 20


def say(*words):
    print(*words, flush=True)


def quote(text):
    return json.dumps(text)


class Printer(Listener):
    """Prints what happens, and answers queries."""

    cluster = None

    def discovered(self, member):
        say("discovered", member.sid, member.hid, member.port() or 0, "tags", quote(tcllist.join(member.tags or [])))

    def changed(self, member):
        say("tags", member.sid, quote(tcllist.join(member.tags)))

    def lost(self, member, why):
        say("lost", member.sid, why)

    def event(self, member, payload, over):
        if "raw" in payload:
            say("raw", member.sid, over, payload["raw"].hex())
        if "data" in payload or "raw" not in payload:
            text = payload.get("data", "")
            say("event", member.sid, over, quote(text))
            if text.startswith("fail "):
                raise ValueError(text[5:])

    def late(self, member, ruid):
        say("late", member.sid, ruid)

    def acked(self, member):
        say("acked", member.sid, f"{member.rtt * 1000:.3f}")

    def suspect(self, member):
        say("suspect", member.sid)

    def alive(self, member):
        say("alive", member.sid)

    def relayed(self, member, asker):
        say("relayed", member.sid, asker.sid)

    def helped(self, member, by):
        say("helped", member.sid, by.sid)

    def refuted(self, incarnation):
        say("refuted", incarnation)

    def incarnation(self, member):
        say("incarnation", member.sid, member.incarnation)

    def query(self, member, text, over):
        say("query", member.sid, over, quote(text))
        if text.startswith("echo "):
            return text[5:]
        if text == "tags":
            return tcllist.join(self.cluster.tags)
        if text == "members":
            return tcllist.join([other.sid for other in self.cluster.members.values()])
        raise ValueError("unknown query")

    def answered(self, query, member, worked, text):
        say("answer" if worked else "failed", query.ruid, member.sid, quote(text))

    def done(self, query):
        worked = sum(ok for ok, _ in query.results.values())
        say("done", query.ruid, worked, len(query.results) - worked)


def obey(cluster, line, leave):
    """Follow one command."""
    word, _, rest = line.strip().partition(" ")
    target, _, text = rest.partition(" ")
    if word in ("query", "queryc") and target:
        query = cluster.ask(cluster.named(target), text, word == "queryc")
        say("asked", query.ruid, len(query.awaited)) if query else say("wrong", quote("too many queries"))
    elif word == "send" and target:
        members = cluster.named(target)
        cluster.send(members, text)
        say("sent", len(members))
    elif word == "sendc" and target:
        say("cast") if cluster.cast(target, text) else say("wrong", quote("too long for multicast"))
    elif word == "tags":
        cluster.set_tags(tcllist.split(rest))
    elif word == "members":
        say("members", tcllist.join([member.sid for member in cluster.members.values()]))
    elif word == "hangup":
        cluster.hang_up()
    elif word == "leave":
        leave.set()
    elif word:
        say("wrong", quote(line.strip()[:200]))


def follow(cluster, line, leave):
    """Follow one command if it can be."""
    try:
        obey(cluster, line.decode("utf-8", "replace"), leave)
    except ValueError as error:
        say("wrong", quote(str(error)))


def read_commands(loop, take, end):
    """Runs in a thread: hands each line of standard input to the loop, at last its end."""
    waiting = b""
    try:
        while data := os.read(0, 65536):
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(take, line)
            if len(waiting) > MAX_LINE:
                break
        loop.call_soon_threadsafe(end)
    except RuntimeError:
        return                  # the loop is gone


async def run(options):
    printer, leave, loop = Printer(), asyncio.Event(), asyncio.get_running_loop()
    cluster = printer.cluster = Cluster(options.address, options.port, tcllist.split(options.tags),
                                        options.remote, options.interface, printer, options.heartbeat,
                                        options.ttl, options.probe / 1000, not options.no_confirm)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave.set)
    await cluster.join()
    say("joined", cluster.sid, cluster.hid, cluster.streams.port)
    threading.Thread(target=read_commands, daemon=True,
                     args=(loop, lambda line: follow(cluster, line, leave), leave.set)).start()
    await leave.wait()
    await cluster.leave()
    say("left")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], epilog=HAPPENINGS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="230.230.230.230", help="multicast group")
    parser.add_argument("--port", type=int, default=23000, help="UDP port")
    parser.add_argument("--tags", default="", help="its tags, a Tcl list")
    parser.add_argument("--remote", type=int, default=0, choices=range(256), metavar="TTL",
                        help="multicast TTL; 0: this host only")
    parser.add_argument("--interface", help="address of the interface to send on")
    parser.add_argument("--heartbeat", type=float, default=120, help="seconds between heartbeats")
    parser.add_argument("--ttl", type=float, default=600, help="seconds until a silent member is lost")
    parser.add_argument("--probe", type=int, default=1000, metavar="MS",
                        help="milliseconds for two probes; 0: neither probe nor be probed")
    parser.add_argument("--no-confirm", action="store_true", help="do not announce that events can be confirmed")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
