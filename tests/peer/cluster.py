"""A member of a cluster: finds others, is found, sends, asks, answers, and leaves (wire.md 6 to 10).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio
import collections
import random

import identity
import packet
import tcllist
from members import MAX_STATE, Member, Query
from multicast import Multicast
from packet import DISCONNECT, DISCOVERY, EVENT, FAILURE, FLUSH, HEARTBEAT, PING, QUERY, RESPONSE
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


class Listener:
    """What an application hears of a cluster; override what is of interest."""

    def discovered(self, member): pass
    def changed(self, member): pass
    def lost(self, member, why): pass
    def event(self, member, payload, over): pass
    def query(self, member, text, over): return ""      # an exception becomes an error answer
    def answered(self, query, member, worked, text): pass
    def done(self, query): pass


class Cluster:
    """One membership. Use `await join()`, then the other methods, at last `await leave()`."""

    def __init__(self, group, port, tags=(), remote=0, interface=None, listener=None,
                 heartbeat=HEARTBEAT_EVERY, ttl=TIME_TO_LIVE):
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
        self.tasks = set()
        self.multicast = self.streams = self.ticker = None
        self.left = False

    # -- life

    async def join(self):
        self.loop = asyncio.get_running_loop()
        self.streams = Streams("0.0.0.0" if self.remote else "127.0.0.1", self._received, self._link_closed,
                               self._admit)
        await self.streams.listen()
        self.multicast = await Multicast.open(self.group, self.udp_port, self.remote, self.interface,
                                              self._datagram)
        self._heartbeat()
        self._cast(DISCOVERY, **self._state())
        self.ticker = self._start(self._tick())

    async def leave(self):
        if self.left:
            return
        self.left = True
        self.ticker.cancel()
        waiting = [task for task in self.tasks if task is not self.ticker and task is not asyncio.current_task()]
        if waiting:
            await asyncio.wait(waiting, timeout=2)
        self._cast(DISCONNECT, tags=self.tags, known=len(self.members))
        await self.streams.close()
        self.multicast.close()

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

    # -- sending

    def _packet(self, kind, head, rest, channel=0):
        return packet.encode({**head, "sid": self.sid, "hid": self.hid, "type": kind, "channel": channel,
                              "protocols": self.protocols, **rest})

    def _cast(self, kind, head=None, **rest):
        return self.multicast.send(self._packet(kind, head or {}, rest))

    def _state(self):
        props = {"t": tcllist.join_dict({"port": str(self.streams.port)})}
        return {"data": tcllist.join_dict(props), "tags": self.tags, "known": len(self.members)}

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
            self._cast(DISCOVERY, {"filter": [member.sid for member in asked[:ASK_MOST]]}, **self._state())

    def _start(self, work):
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def _post(self, member, kind, head, rest, channel=0, answer=False, link=None, failed=None):
        """Send to one member directly; answers prefer `link` and fall back to multicast."""
        try:
            data = self._packet(kind, head, rest, channel)
        except ValueError:
            data = None
        if data is not None:
            if link is not None and link.send(data):
                return
            if member.sending < MAX_SENDING:
                member.sending += 1
                self._start(self._deliver(member, data, answer, failed))
                return
        if failed:
            failed()

    async def _deliver(self, member, data, answer, failed):
        try:
            async with member.lock:
                bad = []
                for name in dict.fromkeys(member.protocols):
                    if name == "t" and await self._stream(member, data) or \
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

    async def _stream(self, member, data):
        """Send over a connection; whether that went well."""
        link = member.link() or await self._connect(member)
        return link is not None and link.send(data)

    async def _connect(self, member):
        port = member.port()
        if port is None or member.address is None or self.members.get(member.uuid) is not member:
            return None
        address = "127.0.0.1" if identity.is_own_address(member.address) else member.address
        link = await self.streams.connect(address, port, member)
        if link is None:
            return None
        if self.members.get(member.uuid) is not member:
            link.close()
            return None
        member.links.append(link)
        return link

    def _report(self, member, protocols):
        now = self.loop.time()
        if member.last_report is None or now - member.last_report >= REPORT_EVERY:
            member.last_report = now
            self._cast(FAILURE, {"filter": [member.sid]},
                       data=tcllist.join_dict({"protocols": tcllist.join(protocols)}))

    # -- receiving

    def _admit(self, address):
        return self.remote > 0 or identity.is_own_address(address)

    def _datagram(self, data, source):
        for body in packet.bodies(data):
            self._received(body, source, None)

    def _received(self, body, source, link):
        """The checks of section 6.1; `link` is None for what came by multicast."""
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
        member = self._sender(payload, link)
        if member is None:
            return
        self._heard(member, payload, source, link)

    def _sender(self, payload, link):
        """The member a packet is from, made if need be; None when it is not to be known."""
        uuid = f"{payload['sid']}@{payload['hid']}"
        if payload["type"] == DISCONNECT and link is None:
            self.departed.append(uuid)
        member = self.members.get(uuid)
        if member is None and payload["type"] != DISCONNECT and len(self.members) < MAX_MEMBERS:
            member = self.members[uuid] = Member(payload["sid"], payload["hid"], self.loop.time())
            if link is not None and uuid in self.departed:
                member.leaving_at = self.loop.time() + LEAVE_WITHIN
        return member

    def _heard(self, member, payload, source, link):
        member.heard = self.loop.time()
        member.expected_by = None
        self._unsuspect(member)
        member.protocols = payload["protocols"]
        before = member.tags
        if "tags" in payload:
            member.tags = payload["tags"]
        if link is None or member.address is None:
            member.address = source
        if link is not None:
            self._spoke_over(member, link)
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
                   FAILURE: self._on_failure}.get(kind)
        if handler:
            handler(member, payload, link)

    def _spoke_over(self, member, link):
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
            self._forget(member, "goodbye")

    def _on_discovery(self, member, payload, link):
        echo = {name: payload[name] for name in ("ruid", "keepalive") if name in payload}
        self._post(member, HEARTBEAT, {"filter": [member.sid]}, {**self._state(), **echo}, answer=True, link=link)

    def _on_ping(self, member, payload, link):
        try:
            sids = set(tcllist.split(payload.get("data", "")))
        except tcllist.BadList:
            return
        if self.sid in sids:
            delay = 0 if len(sids) == 1 else random.uniform(0, PING_ANSWER_WITHIN)
            self.next_heartbeat = min(self.next_heartbeat, self.loop.time() + delay)
        self._expect(sids)

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

    def _on_event(self, member, payload, link):
        self.listener.event(member, payload, "c" if link is None else "t")

    def _on_failure(self, member, payload, link):
        try:
            failed = tcllist.split(tcllist.split_dict(payload.get("data", "")).get("protocols", ""))
        except tcllist.BadList:
            return
        now = self.loop.time()
        if "t" in failed and (self.last_renewal is None or now - self.last_renewal >= REFRESH_EVERY):
            self.last_renewal = now
            self._start(self._renew())

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
            self._cast(PING, data=tcllist.join(sids), known=len(self.members))

    def _expect(self, sids):
        now = self.loop.time()
        for member in self.members.values():
            if member.sid in sids and member.expected_by is None and now - member.heard >= RECENTLY:
                member.expected_by = now + PING_EXPECT_WITHIN

    def _forget(self, member, why):
        if self.members.get(member.uuid) is not member:
            return
        del self.members[member.uuid]
        self._unsuspect(member)
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
        elif member.leaving_at is not None and not member.links:
            self._forget(member, "goodbye")

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
            self._forget(member, "goodbye")
        elif now - member.heard >= self.ttl:
            self._forget(member, "silent")
        elif member.expected_by is not None and now >= member.expected_by:
            self._forget(member, "unreachable")
        elif not member.discovered and now - member.first_heard >= DISCOVERED_WITHIN:
            self._ask_for_more()
            self._discovered(member)
