"""A member of a cluster: finds others, is found, sends, asks, answers, and leaves (wire.md 6 to 10).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio
import collections
import os
import random
import socket

import identity
import packet
import tcllist
from listener import Listener
from members import MAX_STATE, SELF, Member, Query
from multicast import Multicast
from packet import ACK, DELIVERY, DISCONNECT, DISCOVERY, EVENT, FAILURE, FLUSH, HEARTBEAT, PING, PROBE, QUERY, \
    RECEIPT, RELAY, RESPONSE
from probing import Prober
from streams import Streams

HEARTBEAT_EVERY = 120
JITTER = 0.1
TIME_TO_LIVE = 600
DISCOVER_EVERY = 30
DISCOVERED_WITHIN = 1
RECENTLY = 3
UNREACHABLE_EXPECT_WITHIN = 30
LEAVE_WITHIN = 10
PING_AFTER = 5
PING_ANSWER_WITHIN = 15
PING_EXPECT_WITHIN = 20
QUERY_TIMEOUT = 30
REFRESH_EVERY = 1           # failures heeded
REPORT_EVERY = 30           # failures told to a member
ASK_MOST = 64               # members asked by one discovery
MAX_DEPARTED = 16           # goodbyes remembered
ANONYMOUS_WITHIN = 30       # a connection that never says who it is gets closed
MAX_MEMBERS = 4096
MAX_QUERIES = 1024
MAX_SENDING = 256           # packets waiting for a connection to one member
TICK = 0.1
CHANNELS = (0, 1, 2)
LOCAL_CHANNELS = (1, 2)
PROBE_TYPES = (PROBE, ACK, RELAY)
SEEK_AGAIN, SEEK_TIMES = 0.2, 7     # whether there are others
ANSWER_WITHIN = 1
PINGED_MOST = 16                    # members that are probed as one ping names them
VERSION = "1.2.0"


class Cluster:
    """One membership. Use `await join()`, then the other methods, at last `await leave()`."""

    def __init__(self, group, port, tags=(), remote=0, interface=None, listener=None,
                 heartbeat=HEARTBEAT_EVERY, ttl=TIME_TO_LIVE, probe=1.0, confirm=True):
        self.group, self.udp_port, self.remote, self.interface = group, port, remote, interface
        self.tags, self.listener = list(tags), listener or Listener()
        self.heartbeat_every, self.ttl = heartbeat, ttl
        self.sid, self.hid = identity.new_sid(), identity.host_id()
        self.protocols = ["t", "c"]
        self.members, self.queries = {}, {}
        self.departed = collections.deque(maxlen=MAX_DEPARTED)      # uuids
        self.next_heartbeat = None
        self.last_renewal = None
        self.suspects, self.ping_at = {}, None
        self.confirm = confirm
        self.prober = Prober(self, probe) if probe else None
        self.discovered_at = None       # when a discovery was sent
        self.others_know = 0
        self.tasks = set()
        self.multicast = self.streams = None
        self.endless = []
        self.left = False

    # -- life

    async def join(self):
        self.loop = asyncio.get_running_loop()
        self.streams = Streams("0.0.0.0" if self.remote else "127.0.0.1", self._received, self._link_closed,
                               self._admit)
        await self.streams.listen()
        if self.prober:
            await self.prober.open("0.0.0.0" if self.remote else "127.0.0.1",
                                   lambda data, source: self._datagram(data, source, unicast=True))
        self.multicast = await Multicast.open(self.group, self.udp_port, self.remote, self.interface,
                                              self._datagram)
        self._heartbeat()
        self.discover()
        self.endless = [self.start(self._tick())]
        if self.prober:
            self.endless += [self.start(self.prober.turns()), self.start(self._seek())]

    async def leave(self):
        if self.left:
            return
        self.left = True
        for task in self.endless:
            task.cancel()
        if self.prober:
            self.prober.stop()
        waiting = [task for task in self.tasks if task not in self.endless and task is not asyncio.current_task()]
        if waiting:
            await asyncio.wait(waiting, timeout=2)
        self._cast(DISCONNECT, tags=self.tags, known=len(self.members))
        await self.streams.close()
        self.multicast.close()
        if self.prober:
            self.prober.close()

    def set_tags(self, tags):
        self.tags = list(tags)
        self._heartbeat()

    # -- for the application

    def named(self, name):
        """The discovered members that a sid, hid or tag means; `*` means all."""
        return [member for member in self.members.values()
                if member.discovered and member.leaving_at is None and member.called(name)]

    def send(self, members, text):
        """Send an event to each, directly."""
        payload = {"data": text}
        for member in members:
            self._post(member, EVENT, {"filter": [member.sid]}, payload)

    def cast(self, name, text):
        """Send an event over multicast; False when it is too long."""
        return self._cast(EVENT, {} if name == "*" else {"filter": [name]}, data=text)

    def ask(self, members, text, over_multicast=False):
        """Ask members; the listener hears of the answers. None when too many queries are open."""
        if len(self.queries) >= MAX_QUERIES:
            return None
        query = Query(members, self.loop.time() + QUERY_TIMEOUT)
        self.queries[query.ruid] = query
        head = {"filter": [member.sid for member in members]}
        rest = {"ruid": query.ruid, "data": text, "keepalive": True}
        if not members:
            self.loop.call_soon(self._finish, query)
        elif over_multicast:
            if not self._cast(QUERY, head, **rest):
                for member in members:
                    self._settle(query, member, False, "too long")
        else:
            for member in members:
                self._post(member, QUERY, head, rest,
                           failed=lambda member=member: self._settle(query, member, False, "unreachable"))
        return query

    def hang_up(self):
        """Close all connections, as any member may."""
        for link in list(self.streams.links):
            link.close()

    # -- sending

    @property
    def uuid(self):
        return f"{self.sid}@{self.hid}"

    def packet(self, kind, head, rest, channel=0):
        return packet.encode({**head, "sid": self.sid, "hid": self.hid, "type": kind, "channel": channel,
                              "protocols": self.protocols, **rest})

    def _cast(self, kind, head=None, **rest):
        return self.multicast.send(self.packet(kind, head or {}, rest))

    def _state(self):
        props = {"t": tcllist.join_dict({"port": str(self.streams.port)}), SELF: self._told()}
        return {"data": tcllist.join_dict(props), "tags": self.tags, "known": len(self.members)}

    def _told(self):
        """What others are told of us (wire.md 7.1)."""
        told = {"version": VERSION, "name": "peer.py", "pid": str(os.getpid()),
                "host": "".join(c if "!" <= c <= "~" else "_" for c in socket.gethostname()[:64]),
                "ttl": str(round(self.ttl * 1000)), "heartbeat": str(round(self.heartbeat_every * 1000))}
        can = ["confirm"] if self.confirm else []
        if self.prober:
            told["datagram"] = str(self.prober.socket.port)
            can.append("probe")
        return tcllist.join_dict({**told, "can": tcllist.join(can)})

    def discover(self, sids=None):
        """Ask members who they are, or all."""
        if sids is None:
            self.discovered_at = self.loop.time()
        self._cast(DISCOVERY, {"filter": sids} if sids else {}, **self._state())

    async def _seek(self):
        """Ask again as long as there must be others (wire.md 8.2)."""
        for turn in range(SEEK_TIMES):
            await asyncio.sleep(SEEK_AGAIN * 2 ** turn)
            if self.members and len(self.members) >= self.others_know:
                return
            self.discover()

    def _heartbeat(self):
        self.multicast.look()
        self._cast(HEARTBEAT, **self._state())
        self.next_heartbeat = self.loop.time() + self.heartbeat_every * random.uniform(1 - JITTER, 1 + JITTER)

    def _ask_for_more(self):
        """Have members say what is missing of them, each at most once in DISCOVER_EVERY (wire.md 8.2)."""
        now = self.loop.time()
        asked = [member for member in self.members.values()
                 if member.incomplete and (member.asked_at is None or now - member.asked_at > DISCOVER_EVERY)]
        for member in asked[:ASK_MOST]:
            member.asked_at = now
        if asked:
            self.discover([member.sid for member in asked[:ASK_MOST]])

    def start(self, work):
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def _post(self, member, kind, head, rest, channel=0, answer=False, link=None, failed=None):
        """Send to one member directly; answers prefer `link` and fall back to multicast."""
        try:
            data = self.packet(kind, head, rest, channel)
        except ValueError:
            data = None
        if data is not None:
            if link is not None and link.send(data):
                return
            if member.sending < MAX_SENDING:
                member.sending += 1
                self.start(self._deliver(member, data, answer, failed))
                return
        if failed:
            failed()

    async def _deliver(self, member, data, answer, failed):
        try:
            async with member.lock:
                bad = []
                for name in dict.fromkeys(member.protocols):
                    if name == "t" and await self.stream(member, data) or \
                            name == "c" and answer and self.multicast.send(data):
                        break
                    if name == "t" and member.props is not None:
                        bad.append(name)        # else nothing is known of it yet, and it has not failed
                else:
                    self._suspect(member)
                    if failed:
                        failed()
                    return
                if bad:
                    self._report(member, bad)
        finally:
            member.sending -= 1

    async def stream(self, member, data):
        """Send over a connection; whether that went well."""
        link = member.link() or await self._connect(member)
        return link is not None and link.send(data)

    async def _connect(self, member):
        port = member.port()
        if port is None or member.address is None or self.members.get(member.uuid) is not member:
            return None
        link = await self.streams.connect(self.address_of(member), port, member, lambda: self._refused(member))
        if link is None:
            return None
        if self.members.get(member.uuid) is not member:
            link.close()
            return None
        member.links.append(link)
        return link

    def address_of(self, member):
        """Where to send to it alone."""
        return "127.0.0.1" if identity.is_own_address(member.address) else member.address

    def _refused(self, member):
        if self.prober:
            self.prober.refused(member)

    def _report(self, member, protocols):
        now = self.loop.time()
        if member.last_report is None or now - member.last_report >= REPORT_EVERY:
            member.last_report = now
            self._cast(FAILURE, {"filter": [member.sid]},
                       data=tcllist.join_dict({"protocols": tcllist.join(protocols)}))

    # -- receiving

    def _admit(self, address):
        return self.remote > 0 or identity.is_own_address(address)

    def _datagram(self, data, source, unicast=False):
        for body in packet.bodies(data):
            self._received(body, source, None, unicast)

    def _received(self, body, source, link, unicast=False):
        """The checks of section 6.1; `link` is None for what came by datagram."""
        if self.left or not self._admit(source):
            return
        try:
            payload = packet.decode(body)
        except packet.Malformed:
            return
        if payload.get("sid") == self.sid:
            return
        if "filter" in payload and not {self.sid, self.hid, *self.tags}.intersection(payload["filter"]):
            return
        if not payload.get("sid") or not payload.get("hid"):
            return
        if not all(name in payload for name in ("type", "channel", "protocols")):
            return
        if not self.remote and payload["hid"] != self.hid:
            return
        if not identity.acceptable(payload["sid"]) or not identity.acceptable(payload["hid"]):
            return
        if payload["channel"] not in CHANNELS:
            return
        if "c" not in payload["protocols"]:
            return
        for name in ("protocols", "tags"):
            if packet.elements_size(payload.get(name, ())) > MAX_STATE:
                return
        if payload["channel"] in LOCAL_CHANNELS and not identity.is_own_address(source):
            return
        if payload["type"] in PROBE_TYPES:
            if self.prober and (link is not None or unicast):
                self.prober.heard(payload, source, link)
            return
        if unicast and payload["type"] not in (HEARTBEAT, DISCOVERY):
            return
        member = self._sender(payload, source, link)
        if member is None:
            return
        self._heard(member, payload, source, link, unicast)

    def _sender(self, payload, source, link):
        """The member a packet is from, made if need be; None when it is not to be known."""
        uuid = f"{payload['sid']}@{payload['hid']}"
        if payload["type"] == DISCONNECT and link is None:
            self.departed.append(uuid)
        member = self.members.get(uuid)
        if member is None and self.prober and self.prober.keeps_out(uuid, source, link):
            return None
        if member is None and payload["type"] != DISCONNECT and len(self.members) < MAX_MEMBERS:
            member = self.members[uuid] = Member(payload["sid"], payload["hid"], self.loop.time())
            if link is not None and uuid in self.departed:
                member.leaving_at = self.loop.time() + LEAVE_WITHIN
        return member

    def heard_from(self, member):
        """There is a word of it."""
        member.heard = self.loop.time()
        member.expected_by = None
        self._unsuspect(member)

    def _heard(self, member, payload, source, link, unicast):
        self.heard_from(member)
        member.protocols = payload["protocols"]
        before = member.tags
        if "tags" in payload:
            member.tags = payload["tags"]
        if link is None and not unicast or member.address is None:
            member.address = source
        self.others_know = max(self.others_know, min(payload.get("known", 0), MAX_MEMBERS))
        if link is not None:
            self.spoke_over(member, link)
        if member.leaving_at is not None:
            member.leaving_at = member.heard + LEAVE_WITHIN
        kind = payload["type"]
        if kind in (HEARTBEAT, DISCOVERY, FLUSH) and "data" in payload:
            member.learn_props(payload["data"], kind == FLUSH)
        if kind == HEARTBEAT and member.discovered and member.incomplete:
            self._ask_for_more()
        if not member.discovered and member.tags is not None and member.props is not None:
            self._discovered(member)
        elif member.discovered and member.tags != before and kind != DISCONNECT:
            self.listener.changed(member)
        handler = {DISCONNECT: self._on_disconnect, DISCOVERY: self._on_discovery, PING: self._on_ping,
                   QUERY: self._on_query, RESPONSE: self._on_response, EVENT: self._on_event,
                   FAILURE: self._on_failure, HEARTBEAT: self._on_heartbeat, DELIVERY: self._on_delivery,
                   RECEIPT: self._on_receipt}.get(kind)
        if handler:
            handler(member, payload, link)

    def spoke_over(self, member, link):
        """The connection is that member's now, and the one to send over."""
        if link.member is not None and link in link.member.links:
            link.member.links.remove(link)
        link.member = member
        if link.is_open:
            member.links.append(link)

    def _discovered(self, member):
        member.discovered = True
        self.listener.discovered(member)

    def _on_disconnect(self, member, payload, link):
        if link is None and any(other.is_open for other in member.links):
            member.leaving_at = self.loop.time() + LEAVE_WITHIN
        else:
            self.forget(member, "goodbye")

    def _on_discovery(self, member, payload, link):
        echo = {name: payload[name] for name in ("ruid", "keepalive") if name in payload}
        head, rest = {"filter": [member.sid]}, {**self._state(), **echo}
        member.asked_us = True
        if link is None and self.prober and member.datagram and member.link() is None and \
                self.prober.socket.send(self.packet(HEARTBEAT, head, rest), self.address_of(member), member.datagram):
            return
        self._post(member, HEARTBEAT, head, rest, answer=True, link=link)

    def _on_heartbeat(self, member, payload, link):
        """Who answers us alone, and not over a connection, is connected to, so that both notice the other's end."""
        asked = self.discovered_at is not None and self.loop.time() - self.discovered_at <= ANSWER_WITHIN
        if self.prober and asked and link is None and "filter" in payload and "data" in payload and \
                member.link() is None and member.protocols[:1] == ["t"] and \
                not (member.asked_us and member.sid < self.sid):
            self._post(member, HEARTBEAT, {"filter": [member.sid]}, {"known": len(self.members)})

    def _on_ping(self, member, payload, link):
        try:
            sids = set(tcllist.split(payload.get("data", "")))
        except tcllist.BadList:
            return
        if self.sid in sids:
            delay = 0 if len(sids) == 1 else random.uniform(0, PING_ANSWER_WITHIN)
            self.next_heartbeat = min(self.next_heartbeat, self.loop.time() + delay)
        self._expect(sids)
        if self.prober and len(sids) <= PINGED_MOST:
            for other in [other for other in self.members.values() if other.sid in sids]:
                self.prober.doubted(other, member)

    def _on_query(self, member, payload, link):
        rest = {name: payload[name] for name in ("ruid", "keepalive") if name in payload}
        over = "c" if link is None else "t"
        try:
            rest["data"] = self.listener.query(member, payload.get("data", ""), over)
        except Exception as error:      # whatever the application has against it is its answer
            rest["error"] = str(error) or type(error).__name__
        self._post(member, RESPONSE, {"filter": [member.sid]}, rest, payload["channel"], answer=True, link=link)

    def _on_response(self, member, payload, link):
        query = self.queries.get(payload.get("ruid"))
        if query:
            worked = "error" not in payload
            self._settle(query, member, worked, payload.get("data", "") if worked else payload["error"])

    def _hand_on(self, member, payload, link):
        self.listener.event(member, payload, "c" if link is None else "t")

    def _on_event(self, member, payload, link):
        try:
            self._hand_on(member, payload, link)
        except ValueError:
            pass                # nobody waits for what it has against it

    def _on_delivery(self, member, payload, link):
        """One with an error is in the place of one that its sender gave up: nothing is handed on."""
        void = "error" in payload
        receipt = self.confirm and member.inbox.take(
            payload.get("ruid", ""), lambda: None if void else self._hand_on(member, payload, link))
        if receipt:
            self._post(member, RECEIPT, {"filter": [member.sid]}, {"ruid": payload["ruid"], **receipt},
                       answer=True, link=link)

    def _on_receipt(self, member, payload, link):
        if payload.get("data") == "late":
            self.listener.late(member, payload.get("ruid", ""))

    def _on_failure(self, member, payload, link):
        try:
            failed = tcllist.split(tcllist.split_dict(payload.get("data", "")).get("protocols", ""))
        except tcllist.BadList:
            return
        now = self.loop.time()
        if "t" in failed and (self.last_renewal is None or now - self.last_renewal >= REFRESH_EVERY):
            self.last_renewal = now
            self.start(self._renew())

    async def _renew(self):
        try:
            await self.streams.listen()
        except OSError:
            return
        self._heartbeat()

    # -- trouble and time

    def _suspect(self, member, hung_up=False):
        now = self.loop.time()
        if self.members.get(member.uuid) is not member or member.expected_by is not None:
            return
        if hung_up or now - member.heard >= RECENTLY:
            self.suspects[member.uuid] = member
            member.expected_by = now + UNREACHABLE_EXPECT_WITHIN
            self.ping_at = self.ping_at or now + PING_AFTER

    def _unsuspect(self, member):
        self.suspects.pop(member.uuid, None)
        if not self.suspects:
            self.ping_at = None

    def _ping(self):
        sids = [member.sid for member in self.suspects.values()]
        self.ping_at, self.suspects = None, {}
        if sids:
            self.ping(sids)

    def ping(self, sids):
        self._cast(PING, data=tcllist.join(sids), known=len(self.members))

    def welcome(self, member):
        """One that was lost answers again; all that may have been cut off with it are looked for as well."""
        member.heard = member.first_heard = self.loop.time()
        member.expected_by, member.leaving_at, member.discovered = None, None, True
        self.members[member.uuid] = member
        self.listener.discovered(member)
        self.discover([member.sid])
        if self.loop.time() - self.discovered_at >= DISCOVER_EVERY:
            self.discover()

    def _expect(self, sids):
        now = self.loop.time()
        for member in self.members.values():
            if member.sid in sids and member.expected_by is None and now - member.heard >= RECENTLY:
                member.expected_by = now + PING_EXPECT_WITHIN

    def forget(self, member, why):
        if self.members.get(member.uuid) is not member:
            return
        del self.members[member.uuid]
        self._unsuspect(member)
        if self.prober:
            self.prober.lost(member, why)
        links, member.links = member.links, []
        for link in links:
            link.close()
        for query in list(self.queries.values()):
            self._settle(query, member, False, "lost")
        if member.discovered:
            self.listener.lost(member, why)

    def _link_closed(self, link):
        member = link.member
        if member is None or link not in member.links:
            return
        in_use = member.links[-1] is link
        member.links.remove(link)
        if member.leaving_at is None and in_use:
            self._suspect(member, hung_up=True)
            if self.prober:
                self.prober.link_ended(member)
        elif member.leaving_at is not None and not member.links:
            self.forget(member, "goodbye")

    def _settle(self, query, member, worked, text):
        if query.settle(member, worked, text):
            self.listener.answered(query, member, worked, text)
            if not query.awaited:
                self._finish(query)

    def _finish(self, query):
        if self.queries.pop(query.ruid, None):
            self.listener.done(query)

    async def _tick(self):
        while True:
            await asyncio.sleep(TICK)
            now = self.loop.time()
            if now >= self.next_heartbeat:
                self._heartbeat()
            if self.ping_at is not None and now >= self.ping_at:
                self._ping()
            for member in list(self.members.values()):
                self._check(member, now)
            for query in list(self.queries.values()):
                if now >= query.ends:
                    for member in list(query.awaited.values()):
                        self._settle(query, member, False, "timeout")
            for link in list(self.streams.links):
                if link.member is None and now - link.made_at > ANONYMOUS_WITHIN:
                    link.close()

    def _check(self, member, now):
        if member.leaving_at is not None and now >= member.leaving_at:
            self.forget(member, "goodbye")
        elif now - member.heard >= self.ttl:
            self.forget(member, "silent")
        elif member.expected_by is not None and now >= member.expected_by:
            self.forget(member, "unreachable")
        elif not member.discovered and now - member.first_heard >= DISCOVERED_WITHIN:
            self._ask_for_more()
            self._discovered(member)
