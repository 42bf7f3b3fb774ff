"""A member of a cluster on this host, with transports c and t: sections 5 to 10 of doc/wire.md."""

import random
import secrets
import selectors
import socket
import string
import struct
import time

import tcllist
import wire

DISCONNECT, HEARTBEAT, DISCOVERY, PING, QUERY, RESPONSE, EVENT, FLUSH, FAILURE = range(9)
ALWAYS = ("sid", "hid", "type", "channel", "protocols")
DATAGRAM_MAX = 65507
STATE_MAX = 65536
CHANNELS = (0, 1, 2)
LOOPBACK = "127.0.0.1"

HEARTBEAT_EVERY = 120
TTL = 600
PING_ANSWER_WITHIN = 15
PING_EXPECT_WITHIN = 20
RECENTLY = 3


class Other:
    """What is known of another member."""

    def __init__(self, sid, hid):
        self.sid = sid
        self.hid = hid
        self.protocols = []
        self.tags = None
        self.props = None
        self.connection = None
        self.seen = 0.0
        self.deadline = 0.0
        self.told = False

    def port(self):
        """The TCP port it advertises, 0 if there is none."""
        try:
            port = int(tcllist.read_dict((self.props or {}).get("t", "")).get("port", "0"))
        except ValueError:
            return 0
        return port if 0 < port < 65536 else 0


class Member:
    """Joins when made. `tell(what, other, payload)` is called with what happens; run `turn` again and again."""

    def __init__(self, group, port, hid, tags, tell, answer):
        letters = string.ascii_letters + string.digits
        self.sid = "".join(secrets.choice(letters) for _ in range(8))
        self.hid = hid
        self.tags = tags
        self.tell = tell
        self.answer = answer
        self.others = {}
        self.asked = {}
        self.next_ruid = 0
        self.group = (group, port)
        self.selector = selectors.DefaultSelector()
        self.streams = {}
        self.open_multicast()
        self.listener = None
        self.listen()
        self.beat(probe=True)

    # ---- transports --------------------------------------------------------

    def open_multicast(self):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        loopback = socket.inet_aton(LOOPBACK)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        udp.bind(self.group)
        request = struct.pack("4s4s", socket.inet_aton(self.group[0]), loopback)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        udp.setblocking(False)
        self.udp = udp
        self.selector.register(udp, selectors.EVENT_READ, self.read_datagram)

    def listen(self):
        """Makes the TCP listener, or makes it anew."""
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
        self.listener = socket.create_server((LOOPBACK, 0))
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.tcp_port = self.listener.getsockname()[1]

    def accept(self, listener):
        connection, _ = listener.accept()
        self.adopt(connection)

    def adopt(self, connection):
        self.streams[connection] = wire.Stream()
        self.selector.register(connection, selectors.EVENT_READ, self.read_stream)

    def drop(self, connection):
        if self.streams.pop(connection, None) is not None:
            self.selector.unregister(connection)
            connection.close()
        for other in self.others.values():
            if other.connection is connection:
                other.connection = None

    def read_datagram(self, udp):
        data, (address, _) = udp.recvfrom(65536)
        if address.startswith("127."):
            for packet in wire.split_datagram(data):
                self.receive(packet, None)

    def read_stream(self, connection):
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
            return
        for packet in self.streams[connection].feed(data):
            self.receive(packet, connection)

    # ---- receiving ---------------------------------------------------------

    def is_for_us(self, payload):
        names = {self.sid, self.hid, *self.tags}
        return "filter" not in payload or bool(names & set(payload["filter"]))

    def accepts(self, payload):
        sizes = [len(wire.write_list(payload.get(name, []))) for name in ("tags", "protocols")]
        return (
            all(name in payload for name in ALWAYS)
            and payload["sid"] not in ("", self.sid)
            and self.is_for_us(payload)
            and payload["hid"] == self.hid
            and payload["channel"] in CHANNELS
            and "c" in payload["protocols"]
            and max(sizes) <= STATE_MAX
        )

    def receive(self, packet, connection):
        try:
            payload = wire.decode(packet)
        except wire.Malformed:
            return
        if not self.accepts(payload):
            return
        uuid = payload["sid"] + "@" + payload["hid"]
        other = self.others.get(uuid)
        if not other:
            if payload["type"] == DISCONNECT:
                return
            other = self.others[uuid] = Other(payload["sid"], payload["hid"])
        self.hear(other, payload, connection)
        self.act(other, payload, connection)
        if other.tags is not None and other.props is not None and not other.told:
            other.told = True
            self.tell("member", other, payload)

    def hear(self, other, payload, connection):
        other.seen = time.monotonic()
        other.deadline = other.seen + TTL
        other.protocols = payload["protocols"]
        other.tags = payload.get("tags", other.tags)
        if connection:
            other.connection = connection

    def act(self, other, payload, connection):
        kind = payload["type"]
        if kind == DISCONNECT:
            del self.others[other.sid + "@" + other.hid]
            if other.connection:
                self.drop(other.connection)
            self.tell("lost", other, payload)
        elif kind in (HEARTBEAT, DISCOVERY):
            self.merge(other, payload, {} if other.props is None else other.props)
            if kind == DISCOVERY:
                self.send(other, self.reply(HEARTBEAT, payload, data=self.props(), tags=self.tags))
        elif kind == FLUSH:
            self.merge(other, payload, {})
        elif kind == PING:
            self.on_ping(payload)
        elif kind == QUERY:
            self.on_query(other, payload)
        elif kind == RESPONSE:
            if payload.get("ruid") in self.asked and self.asked[payload["ruid"]] is other:
                del self.asked[payload["ruid"]]
                self.tell("response", other, payload)
        elif kind == EVENT:
            self.tell("event", other, payload)
        elif kind == FAILURE:
            self.on_failure(payload)

    def merge(self, other, payload, props):
        try:
            if "data" in payload:
                other.props = {**props, **tcllist.read_dict(payload["data"])}
        except tcllist.NotList:
            pass

    def on_ping(self, payload):
        try:
            sids = tcllist.read_list(payload.get("data", ""))
        except tcllist.NotList:
            return
        now = time.monotonic()
        for other in self.others.values():
            if other.sid in sids and now - other.seen >= RECENTLY:
                other.deadline = min(other.deadline, now + PING_EXPECT_WITHIN)
        if self.sid in sids:
            self.next_beat = now
            if len(sids) > 1:
                self.next_beat += random.uniform(0, PING_ANSWER_WITHIN)

    def on_query(self, other, payload):
        try:
            result = {"data": self.answer(other, payload.get("data", ""))}
        except Exception as error:
            result = {"error": str(error)}
        self.send(other, self.reply(RESPONSE, payload, channel=payload["channel"], **result))

    def on_failure(self, payload):
        try:
            failed = tcllist.read_list(tcllist.read_dict(payload.get("data", "")).get("protocols", ""))
        except tcllist.NotList:
            return
        if "t" in failed:
            self.listen()
            self.next_beat = time.monotonic()

    # ---- sending -----------------------------------------------------------

    def props(self):
        return tcllist.write_dict({"t": tcllist.write_dict({"port": str(self.tcp_port)})})

    def payload(self, kind, channel=0, **fields):
        payload = {"sid": self.sid, "hid": self.hid, "type": kind, "channel": channel}
        return {**payload, "protocols": ["t", "c"], **fields}

    def reply(self, kind, request, channel=0, **fields):
        echoed = {name: request[name] for name in ("ruid", "keepalive") if name in request}
        return self.payload(kind, channel, **echoed, **fields)

    def multicast(self, payload):
        packet = wire.encode(payload)
        if len(packet) <= DATAGRAM_MAX:
            self.udp.sendto(packet, self.group)

    def send(self, other, payload):
        """To one member: over its connection, else a new one, else by multicast."""
        payload = {"filter": [other.sid], **payload}
        for connection in (other.connection, None):
            try:
                if connection is None:
                    connection = socket.create_connection((LOOPBACK, other.port()), timeout=5)
                    self.adopt(connection)
                    other.connection = connection
                connection.sendall(wire.encode(payload))
                return
            except OSError:
                if connection is not None:
                    self.drop(connection)
        self.multicast(payload)

    def beat(self, probe=False):
        said = {"data": self.props(), "known": len(self.others), "tags": self.tags}
        self.multicast(self.payload(HEARTBEAT, **said))
        if probe:
            self.multicast(self.payload(DISCOVERY, **said))
        self.next_beat = time.monotonic() + HEARTBEAT_EVERY * random.uniform(0.9, 1.1)

    def query(self, other, data):
        self.next_ruid += 1
        ruid = "py%d" % self.next_ruid
        self.asked[ruid] = other
        self.send(other, self.payload(QUERY, ruid=ruid, data=data, keepalive=True))

    def event(self, other, data):
        self.send(other, self.payload(EVENT, data=data))

    def leave(self):
        self.multicast(self.payload(DISCONNECT, known=len(self.others), tags=self.tags))
        for connection in list(self.streams):
            self.drop(connection)
        self.udp.close()
        self.listener.close()

    # ---- time --------------------------------------------------------------

    def expire(self):
        for uuid, other in list(self.others.items()):
            if time.monotonic() > other.deadline:
                del self.others[uuid]
                self.tell("lost", other, {})

    def turn(self):
        """Waits for something to happen, and deals with it."""
        wait = max(0, min(self.next_beat - time.monotonic(), 1))
        for key, _ in self.selector.select(wait):
            if key.fileobj.fileno() >= 0:
                key.data(key.fileobj)
        if time.monotonic() >= self.next_beat:
            self.beat()
        self.expire()
