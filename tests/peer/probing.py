"""The failure detector: who is probed, suspected and lost, and what others say of it (wire.md 10.3).

Written from doc/wire.md alone, see peer.py. The system's word that a port is closed is not asked for.
"""

import asyncio
import math
import random
import re
import secrets
import socket
import struct

import identity
import tcllist
from packet import ACK, PROBE, RELAY, utf8
from unicast import Unicast

PROBES_IN_PERIOD = 2
WAIT_UNKNOWN, WAIT_LEAST, WAIT_MOST = 0.25, 0.1, 0.5
AGAIN, AGAIN_MOST = 0.25, 1
SUSPICION, SUSPICION_LOSSY = 1.6, 2.8           # periods
HUNG = 30
GONE_WAITS = 3
LOSSY = 0.05
HEALTH_MOST = 8
RELAYS = CONFIRMERS = 3
RELAY_WITHIN = 2
MAX_DATA = 2048
MAX_NEWS, MAX_NAMES, NEWEST_NAMES = 6, 6, 2
NEWS_KEPT = 32
NEWS_FOR = 100              # characters of data in a probe that is answered with news
ASK_AGAIN, ASK_MOST = 0.4, 60
MAX_ASKED = 1024
MAX_MISSING, MISSING_FOR = 1024, 86400
TCP_UNACKED = 24            # where it is in Linux's tcp_info
RUID = re.compile(r"[!-~]{1,64}\Z")


class Bucket:
    """How often others may have something done: `burst` at once, then `rate` a second."""

    def __init__(self, burst, rate):
        self.left, self.burst, self.rate, self.at = burst, burst, rate, 0

    def take(self, now):
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Probe:
    """A probe of one member that is under way."""

    def __init__(self, now):
        self.ruid = secrets.token_hex(8)
        self.first = self.since = now
        self.wide = self.suspect = False
        self.again = AGAIN
        self.confirmers = set()
        self.ended = self.refused = self.connecting = False
        self.timer = None


class News:
    """What is passed on: a kind, a uuid and its incarnation, each item some times."""

    def __init__(self):
        self.items = {}             # uuid to [kind, incarnation, times told]

    def add(self, kind, uuid, incarnation):
        self.items.pop(uuid, None)
        if len(self.items) >= NEWS_KEPT:
            del self.items[max(self.items, key=lambda known: self.items[known][2])]
        self.items[uuid] = [kind, incarnation, 0]

    def forget(self, uuid):
        self.items.pop(uuid, None)

    def take(self, members):
        words = []
        for uuid in sorted(self.items, key=lambda known: self.items[known][2])[:MAX_NEWS]:
            kind, incarnation, _ = self.items[uuid]
            words += [kind, uuid, str(incarnation)]
            self.items[uuid][2] += 1
            if self.items[uuid][2] >= 3 * (1 + math.log2(members + 1)):
                del self.items[uuid]
        return words


def read_incarnation(text):
    """A number of 32 bits, or None."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) >= 1 << 32:
        return None
    return int(text)


def read_data(payload):
    """The dict in the data of a probe, ack or relay; empty when it is none."""
    text = payload.get("data", "")
    try:
        return tcllist.split_dict(text) if len(utf8(text)) <= MAX_DATA else {}
    except tcllist.BadList:
        return {}


def read_words(text, most):
    try:
        return tcllist.split(text)[:most]
    except tcllist.BadList:
        return []


class Missing:
    """A member that was lost and may come back."""

    def __init__(self, member, now):
        self.member, self.since, self.tried = member, now, now
        self.ruid = secrets.token_hex(8)

    def due(self, now):
        return self.tried + min(max((now - self.since) / 60, 0.5), 60)


class Prober:
    """Probes the members of a cluster, and answers theirs. What it finds out it tells the cluster."""

    def __init__(self, cluster, period):
        self.cluster, self.period = cluster, period
        self.incarnation = 0
        self.news = News()
        self.health, self.loss = 0, 0
        self.answered_at = 0
        self.round = []
        self.untried_turn = False
        self.relays = {}            # ruid of ours to (asker, its ruid, target, until)
        self.for_others = Bucket(128, 100)
        self.for_untried = Bucket(64, 4)
        self.asked = {}             # uuid to (when again, pause)
        self.missing = {}           # uuid to Missing
        self.named = 0
        self.socket = None
        self.stopped = False

    async def open(self, host, received):
        self.loop = asyncio.get_running_loop()
        self.socket = await Unicast.open(host, received)

    def stop(self):
        """Nothing is probed any more, as what is heard after a goodbye takes that back."""
        self.stopped = True
        for member in self.cluster.members.values():
            self._end(member)

    def close(self):
        self.socket.close()

    # -- packets

    def _names(self):
        uuids = list(self.cluster.members)
        newest, others = uuids[-NEWEST_NAMES:], uuids[:-NEWEST_NAMES]
        turns = min(MAX_NAMES - len(newest), len(others))
        chosen = [others[(self.named + turn) % len(others)] for turn in range(turns)]
        self.named += turns
        return newest + chosen

    def _packet(self, kind, sid, ruid, terse=False, **data):
        data["incarnation"] = str(self.incarnation)
        if not terse:
            data["news"] = tcllist.join(self.news.take(len(self.cluster.members)))
            data["names"] = tcllist.join(self._names())
        return self.cluster.packet(kind, {"filter": [sid]}, {"ruid": ruid, "data": tcllist.join_dict(data),
                                                             "known": len(self.cluster.members)})

    def _send(self, member, kind, ruid, **data):
        """By datagram, to where the member is."""
        if member.datagram and member.address is not None:
            packet = self._packet(kind, member.sid, ruid, **data)
            self.socket.send(packet, self.cluster.address_of(member), member.datagram)

    def _send_by_both(self, member):
        self._send(member, PROBE, member.probe.ruid)
        if not member.probe.connecting:
            member.probe.connecting = True
            self.cluster.start(self._send_by_link(member, member.probe))

    async def _send_by_link(self, member, probe):
        async with member.lock:
            if member.probe is probe:
                await self.cluster.stream(member, self._packet(PROBE, member.sid, probe.ruid, terse=True))
        probe.connecting = False

    # -- the round

    def can(self, member):
        return "probe" in member.can and member.datagram > 0

    async def turns(self):
        """Probe one after the other, for ever."""
        while True:
            await asyncio.sleep(self.period / PROBES_IN_PERIOD)
            member = self._next()
            if member is not None:
                self.begin(member)
            self._try_missing()

    def _next(self):
        """The member whose turn it is: those that never answered have every other turn at most."""
        self.untried_turn = not self.untried_turn
        idle = [member for member in self.cluster.members.values() if member.probe is None and self.can(member)]
        untried = [member for member in idle if not member.proven]
        if untried and self.untried_turn:
            return random.choice(untried)
        if not any(member in self.round for member in idle if member.proven):
            self.round = [member for member in idle if member.proven]
            random.shuffle(self.round)
        while self.round:
            member = self.round.pop()
            if member in idle:
                return member
        return random.choice(untried) if untried else None

    # -- one probe

    def begin(self, member):
        if member.probe is None and not self.stopped and self.can(member) and member.leaving_at is None \
                and self._is_there(member):
            member.probe = Probe(self.loop.time())
            self._send(member, PROBE, member.probe.ruid)
            self._after(member, self._wait(member), self._widen)

    def _is_there(self, member):
        return self.cluster.members.get(member.uuid) is member

    def _after(self, member, seconds, act):
        if member.probe.timer is not None:
            member.probe.timer.cancel()
        member.probe.timer = self.loop.call_later(max(seconds, 0), act, member)

    def _end(self, member):
        if member.probe is not None:
            member.probe.timer.cancel()
            member.probe = None

    def _least_wait(self, member):
        if member.rtt is None:
            return WAIT_UNKNOWN
        return min(max(member.rtt + 4 * member.rtt_deviation, WAIT_LEAST), WAIT_MOST)

    def _wait(self, member):
        return self._least_wait(member) * (1 + self.health)

    def _widen(self, member):
        """No answer in time: once more by all means, and others are asked to try."""
        member.probe.wide = True
        self._send_by_both(member)
        for relay in self._helpers(member):
            self._send(relay, RELAY, member.probe.ruid, of=member.uuid)
        self._after(member, 2 * self._wait(member), self._suspect)

    def _helpers(self, member):
        others = [other for other in self.cluster.members.values()
                  if other is not member and other.proven and other.probe is None and other.leaving_at is None]
        elsewhere = [other for other in others if other.address != member.address] or others
        return random.sample(elsewhere, min(RELAYS, len(elsewhere)))

    def _suspect(self, member):
        probe, now = member.probe, self.loop.time()
        if self._unanswered() and self.answered_at < probe.first and not probe.refused:
            self._doubt(1)              # it is rather we who are cut off
        probe.suspect = True
        self.news.add("suspect", member.uuid, member.incarnation)
        self.cluster.ping([member.sid])
        self.cluster.listener.suspect(member)
        self._go_on(member)

    def _unanswered(self):
        return any(member.probe is not None and member.probe.suspect for member in self.cluster.members.values())

    def _doubt(self, more):
        self.health = min(max(self.health + more, 0), HEALTH_MOST)

    def _go_on(self, member):
        """Still no answer: lost, if its time is over, else probed again."""
        probe = member.probe
        left = self._ends(member) - self.loop.time()
        if left <= 0:
            self.cluster.forget(member, "crashed" if probe.ended and probe.refused else "unreachable")
            return
        self._send_by_both(member)
        self._after(member, min(probe.again, left), self._go_on)
        most = 8 * AGAIN_MOST if not member.proven else AGAIN_MOST if self._host_answers(member) else self.period / 4
        probe.again = min(2 * probe.again, max(most, AGAIN))

    def _ends(self, member):
        """When a suspect is lost."""
        probe = member.probe
        if probe.ended and probe.refused:
            return probe.first + GONE_WAITS * self._least_wait(member)
        others = len(self.cluster.members)
        periods = SUSPICION_LOSSY if self.loss > LOSSY else SUSPICION
        if others > CONFIRMERS and len(probe.confirmers) < CONFIRMERS:
            periods *= 2
        time = periods * self.period * max(1, math.log10(max(others, 1)))
        if not probe.refused and self._host_answers(member):
            time = HUNG
        doubts = 1 + self.health / 2
        return min(probe.first + time * doubts, probe.since + max(time, HUNG) * doubts)

    def _host_answers(self, member):
        """Is its host well, as ours is, or as one that confirms what is sent over a connection?"""
        if member.address is not None and identity.is_own_address(member.address):
            return True
        link = member.link()
        try:
            info = link.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            return struct.unpack_from("I", info, TCP_UNACKED)[0] == 0
        except (AttributeError, OSError, struct.error):
            return False

    # -- evidence

    def link_ended(self, member):
        """Its connection has ended without a goodbye."""
        self.begin(member)
        if member.probe is not None:
            member.probe.ended = True
            if not member.probe.wide:
                self._widen(member)     # which connects anew

    def refused(self, member):
        """Nobody listens where it did."""
        self.begin(member)
        if member.probe is not None and not member.probe.refused:
            member.probe.refused = True
            if not member.probe.wide:
                self._widen(member)
            elif member.probe.suspect:
                self._after(member, 0, self._go_on)

    def lost(self, member, why):
        """The cluster has lost it; unless it said goodbye it is tried again."""
        self._end(member)
        self.news.forget(member.uuid)
        if why != "goodbye" and self.can(member):
            if len(self.missing) >= MAX_MISSING:
                del self.missing[next(iter(self.missing))]
            self.missing[member.uuid] = Missing(member, self.loop.time())

    # -- those that are missing

    def _try(self, missing):
        missing.tried = self.loop.time()
        self._send(missing.member, PROBE, missing.ruid)

    def _try_missing(self):
        now = self.loop.time()
        for uuid, missing in list(self.missing.items()):
            if now - missing.since > MISSING_FOR:
                del self.missing[uuid]
            elif missing.member.proven and now >= missing.due(now):
                self._try(missing)

    def keeps_out(self, uuid, source, link):
        """Is that a member which was lost, and has yet to show that it hears us? Over a connection it has."""
        missing = self.missing.get(uuid)
        if missing is None:
            return False
        if link is not None:
            del self.missing[uuid]
            return False
        missing.member.address = source
        if self.loop.time() - missing.tried >= 0.5:
            self._try(missing)
        return True

    def _came_back(self, uuid):
        member = self.missing.pop(uuid).member
        member.proven = True
        self.cluster.welcome(member)

    # -- what comes

    def heard(self, payload, source, link):
        """A probe, ack or relay, for us alone."""
        uuid = f"{payload['sid']}@{payload['hid']}"
        member = self.cluster.members.get(uuid)
        if member is None:
            self._stranger(uuid, payload)
            return
        if member.address is not None and \
                identity.is_own_address(member.address) != identity.is_own_address(source):
            return
        told = read_data(payload)
        self.cluster.heard_from(member)
        if link is not None:
            self.cluster.spoke_over(member, link)
        self._heed_news(member, read_words(told.get("news", ""), 3 * MAX_NEWS))
        self._heed_names(read_words(told.get("names", ""), MAX_NAMES))
        {PROBE: self._on_probe, ACK: self._on_ack, RELAY: self._on_relay}[payload["type"]](member, payload, told, link)

    def _stranger(self, uuid, payload):
        """One that is missing is answered as members are; one that is unknown is asked who it is."""
        missing, ruid = self.missing.get(uuid), payload.get("ruid", "")
        if missing is not None and payload["type"] == ACK:
            if ruid == missing.ruid:
                self._came_back(uuid)
        elif missing is not None:
            if RUID.match(ruid) and self.for_others.take(self.loop.time()):
                self._send(missing.member, ACK, ruid, terse=True)
        elif payload["type"] != ACK:
            self._ask_who([uuid])

    def _ask_who(self, uuids):
        """Each unknown one by a discovery filtered to its sid, ever more seldom."""
        now, sids = self.loop.time(), []
        for uuid in uuids:
            again, pause = self.asked.get(uuid, (0, ASK_AGAIN))
            if now >= again:
                if len(self.asked) >= MAX_ASKED:
                    del self.asked[next(iter(self.asked))]
                self.asked[uuid] = now + pause, min(2 * pause, ASK_MOST)
                sids.append(uuid.partition("@")[0])
        if sids:
            self.cluster.discover(sids)

    def _on_probe(self, member, payload, told, link):
        ruid = payload.get("ruid", "")
        if not RUID.match(ruid):
            return
        terse = len(payload.get("data", "")) < NEWS_FOR
        if link is None:
            self._send(member, ACK, ruid, terse=terse)
        else:
            link.send(self._packet(ACK, member.sid, ruid, terse=terse))

    def _on_ack(self, member, payload, told, link):
        ruid = payload.get("ruid", "")
        if "for" in told:
            target = self.cluster.members.get(told["for"])
            if target is not None and target.probe is not None and target.probe.ruid == ruid:
                self._answered(target)
                self.cluster.listener.helped(target, member)
        elif member.probe is not None and member.probe.ruid == ruid:
            incarnation = read_incarnation(told.get("incarnation", ""))
            if incarnation is not None and incarnation != member.incarnation:
                member.incarnation = incarnation
                self.cluster.listener.incarnation(member)
            self._measure(member, link)
            self._answered(member)
        elif ruid in self.relays and self.relays[ruid][2] is member:
            self._relayed(ruid)

    def _measure(self, member, link):
        """The round trip, if it is clear which packet was answered, and by datagram."""
        if link is not None or member.probe.wide:
            return
        took = self.loop.time() - member.probe.first
        if member.rtt is None:
            member.rtt, member.rtt_deviation = took, took / 2
            self.cluster.listener.acked(member)
        else:
            member.rtt_deviation += (abs(took - member.rtt) - member.rtt_deviation) / 4
            member.rtt += (took - member.rtt) / 8

    def _answered(self, member):
        self.loss += (member.probe.wide - self.loss) / 16
        self._doubt(-1)
        self.answered_at = self.loop.time()
        member.proven = True
        self.news.forget(member.uuid)
        was_suspect = member.probe.suspect
        self._end(member)
        self.cluster.heard_from(member)
        if was_suspect:
            self.cluster.listener.alive(member)

    # -- probes for others

    def _on_relay(self, member, payload, told, link):
        now, ruid = self.loop.time(), payload.get("ruid", "")
        target = self.cluster.members.get(told.get("of", ""))
        if target is None or not self.can(target) or not RUID.match(ruid) or not self.for_others.take(now):
            return
        self.relays = {ours: relay for ours, relay in self.relays.items() if relay[3] > now}
        ours = secrets.token_hex(8)
        self.relays[ours] = member, ruid, target, now + RELAY_WITHIN
        self._send(target, PROBE, ours)

    def _relayed(self, ours):
        asker, ruid, target, until = self.relays.pop(ours)
        if self.loop.time() <= until and self._is_there(asker):
            self._send(asker, ACK, ruid, **{"for": target.uuid})
            self.cluster.listener.relayed(target, asker)

    # -- what rides on them

    def _heed_news(self, member, words):
        for kind, uuid, text in zip(words[::3], words[1::3], words[2::3]):
            incarnation = read_incarnation(text)
            if incarnation is None:
                continue
            if uuid == self.cluster.uuid:
                if kind == "suspect":
                    self._refute(incarnation)
                continue
            other = self.cluster.members.get(uuid)
            if other is not None and kind == "alive":
                self._refuted(other, incarnation)
            elif other is not None and kind == "suspect" and incarnation >= other.incarnation:
                self.doubted(other, member)

    def _refute(self, incarnation):
        """We are suspected, as we are now."""
        if incarnation == self.incarnation and self.for_others.take(self.loop.time()):
            self.incarnation += 1
            self._doubt(1)
            self.news.add("alive", self.cluster.uuid, self.incarnation)
            self.cluster.listener.refuted(self.incarnation)

    def _refuted(self, member, incarnation):
        """It is alive, by its own word: that is passed on, and it gets its time again."""
        if incarnation <= member.incarnation:
            return
        member.incarnation = incarnation
        self.news.add("alive", member.uuid, incarnation)
        self.cluster.listener.incarnation(member)
        if member.probe is not None:
            member.probe.first = self.loop.time()
            member.probe.confirmers.clear()

    def doubted(self, member, by):
        """Somebody else suspects it, so we see for ourselves."""
        if member is by or member.leaving_at is not None:
            return
        if member.probe is None and (self.for_others if member.proven else self.for_untried).take(self.loop.time()):
            self.begin(member)
        if member.probe is not None and len(member.probe.confirmers) < CONFIRMERS:
            member.probe.confirmers.add(by.uuid)

    def _heed_names(self, uuids):
        self._ask_who([uuid for uuid in uuids if uuid != self.cluster.uuid and uuid not in self.cluster.members
                       and uuid not in self.missing and uuid not in self.cluster.departed
                       and 0 < uuid.find("@") <= identity.MAX_ID])
