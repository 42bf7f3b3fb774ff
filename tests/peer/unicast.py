"""Datagrams for one member alone (wire.md 7.1, 10.3).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio

MAX_UNICAST = 1400


class Unicast(asyncio.DatagramProtocol):
    """The socket whose port is announced; calls received(datagram, source address) for each that comes."""

    def __init__(self, received):
        self.received = received
        self.transport = None

    @classmethod
    async def open(cls, host, received):
        _, self = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(received), local_addr=(host, 0))
        return self

    @property
    def port(self):
        return self.transport.get_extra_info("sockname")[1]

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, source):
        self.received(data, source[0])

    def send(self, packet, address, port):
        """Send one packet, alone in its datagram; False when it is too long."""
        if len(packet) > MAX_UNICAST:
            return False
        self.transport.sendto(packet, (address, port))
        return True

    def close(self):
        self.transport.close()
