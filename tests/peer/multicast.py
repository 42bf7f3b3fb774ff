"""The transport `c`: UDP multicast (wire.md 1.1).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio
import fcntl
import socket
import struct

import identity
from packet import MAX_DATAGRAM

SIOCGIFADDR, SIOCGIFFLAGS = 0x8915, 0x8913
IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_MULTICAST = 1, 8, 0x40, 0x1000
LOOPBACK = "127.0.0.1"


def _join(sock, group, index):
    """Join on that interface; whether that is so now. To have joined before, or not to be able to, is no matter."""
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        struct.pack("4s4si", socket.inet_aton(group), bytes(4), index))
        return True
    except OSError:
        return False


def _ask(sock, request, name):
    """What the system says of an interface; None when it has nothing to say."""
    try:
        return fcntl.ioctl(sock, request, struct.pack("256s", name.encode()[:15]))
    except OSError:
        return None


def _rank(sock, name):
    """(how good it is to send on, address); 0 when it is not. Loopback can multicast on Linux without saying so."""
    flags, address = _ask(sock, SIOCGIFFLAGS, name), _ask(sock, SIOCGIFADDR, name)
    if flags is None or address is None:
        return 0, None
    flags = struct.unpack_from("H", flags, 16)[0]
    if not flags & IFF_UP or not flags & (IFF_LOOPBACK | IFF_MULTICAST):
        return 0, None
    rank = 1 if flags & IFF_LOOPBACK else 3 if flags & IFF_RUNNING else 2
    return rank, socket.inet_ntoa(address[20:24])


def _way_out(sock):
    """The address of the interface to send on: that of the default route, else the best there is, else loopback."""
    for name in identity.default_interfaces():
        rank, address = _rank(sock, name)
        if rank:
            return address
    ranked = [_rank(sock, name) for _, name in socket.if_nameindex()]
    return max(ranked, key=lambda pair: pair[0], default=(0, None))[1] or LOOPBACK


def _open(port, group):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((group, port))
    except OSError:
        sock.bind(("", port))
    return sock


class Multicast(asyncio.DatagramProtocol):
    """Sends datagrams to the group; calls received(datagram, source address) for each that comes."""

    def __init__(self, sock, target, remote, interface, received):
        self.sock, self.target, self.received = sock, target, received
        self.interface = interface or (None if remote else LOOPBACK)
        self.transport = None

    @classmethod
    async def open(cls, group, port, remote, interface, received):
        sock = _open(port, group)
        self = cls(sock, (group, port), remote, interface, received)
        try:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, remote)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            if not self.look():
                raise OSError(f"no interface can join {group}")
        except BaseException:
            sock.close()
            raise
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=sock)
        return self

    def look(self):
        """See which interfaces there are now: send on the right one, join on all. Whether any was new."""
        address = self.interface or _way_out(self.sock)
        try:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        except OSError:
            pass                # it is gone; there will be others
        joined = [_join(self.sock, self.target[0], index) for index, _ in socket.if_nameindex()]
        return any(joined)

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, source):
        self.received(data, source[0])

    def error_received(self, error):
        self.look()             # what was sent is lost, as datagrams may be

    def send(self, packet):
        """Send one packet; False when it is too long."""
        if len(packet) > MAX_DATAGRAM:
            return False
        self.transport.sendto(packet, self.target)
        return True

    def close(self):
        self.transport.close()
