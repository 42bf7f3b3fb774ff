"""The transport `t`: a TCP listener, and links (connections) made by either side (wire.md 1.2).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio

from packet import Splitter

CONNECT_WITHIN = 5
MAX_LINKS = 512
MAX_WAITING = 64 * 1024 * 1024      # bytes not yet written to one link
MAX_INCOMPLETE = 64 * 1024 * 1024   # bytes of incomplete packets, all links together


class Link(asyncio.Protocol):
    """One connection. `member` is whom it leads to, once that is known."""

    def __init__(self, streams, member=None):
        self.streams, self.member = streams, member
        self.splitter = Splitter()
        self.transport = None
        self.source = ""
        self.made_at = asyncio.get_running_loop().time()

    def connection_made(self, transport):
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.source = peer[0] if peer else ""
        if len(self.streams.links) >= MAX_LINKS or not self.streams.admit(self.source):
            transport.abort()
            return
        transport.set_write_buffer_limits(high=MAX_WAITING)
        self.streams.links.add(self)

    def data_received(self, data):
        if self not in self.streams.links:
            return
        for body in self.splitter.feed(data):
            self.streams.received(body, self.source, self)
        if sum(len(link.splitter.buffer) for link in self.streams.links) > MAX_INCOMPLETE:
            self.transport.abort()

    def connection_lost(self, error):
        if self in self.streams.links:
            self.streams.links.discard(self)
            self.streams.closed(self)

    @property
    def is_open(self):
        return self in self.streams.links and not self.transport.is_closing()

    def send(self, packet):
        """Queue a packet; False when the link is closed or its other side does not read."""
        if not self.is_open:
            return False
        if self.transport.get_write_buffer_size() + len(packet) > MAX_WAITING:
            self.transport.abort()
            return False
        self.transport.write(packet)
        return True

    def close(self):
        """Close once everything is written."""
        self.transport.close()


class Streams:
    """The listener, on one address, and all links. Calls received(body, source address, link), closed(link);
    admit(address) tells whether a host may connect."""

    def __init__(self, host, received, closed, admit):
        self.host, self.received, self.closed, self.admit = host, received, closed, admit
        self.links = set()
        self.server = None

    @property
    def port(self):
        return self.server.sockets[0].getsockname()[1]

    async def listen(self):
        """Open the listener, or open it anew on another port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Link(self), self.host, 0)
        if self.server:
            self.server.close()
        self.server = server

    async def connect(self, address, port, member, refused):
        """A link to a member's listener, or None; refused() is called when nobody listens there."""
        loop = asyncio.get_running_loop()
        try:
            _, link = await asyncio.wait_for(
                loop.create_connection(lambda: Link(self, member), address, port), CONNECT_WITHIN)
        except ConnectionRefusedError:
            refused()
            return None
        except (OSError, asyncio.TimeoutError):
            return None
        return link if link.is_open else None

    async def close(self, within=2):
        """Close everything, once what waits is written."""
        self.server.close()
        for link in list(self.links):
            link.close()
        end = asyncio.get_running_loop().time() + within
        while self.links and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        for link in list(self.links):
            link.transport.abort()
