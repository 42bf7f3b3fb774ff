"""Who is who: ids of members and hosts, and which addresses are this host's (wire.md 5).

Written from doc/wire.md alone, see peer.py.
"""

import fcntl
import ipaddress
import os
import re
import secrets
import socket
import string
import struct
import sys
import time

MAX_ID = 64
NAME = re.compile(r'[!#%-)+-:<->A-Z^-z|~]+\Z')     # 21..7E except " $ * ; ? @ [ \ ] { }
SIOCGIFHWADDR = 0x8927
ETHERNET = 1                    # ARPHRD_ETHER: hardware addresses of six bytes
HARDWARE_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
RTF_UP = 1


def new_sid():
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))


def acceptable(name):
    """May this be a sid or hid?"""
    return (len(name) <= MAX_ID and NAME.match(name) is not None and "::" not in name
            and not name.startswith(":") and not name.endswith(":"))


def _first_line(path):
    """The first line of a file without its newline, at most 255 bytes; empty when there is none."""
    try:
        with open(path, "rb") as file:
            return file.readline(255).rstrip(b"\n")
    except OSError:
        return b""


def _hardware_address(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, SIOCGIFHWADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return ""
    if int.from_bytes(answer[16:18], sys.byteorder) != ETHERNET:
        return ""
    return ":".join(f"{byte:02x}" for byte in answer[18:24])


def default_interfaces():
    """The interface of the IPv4 default route, alone in a list, or an empty list."""
    try:
        with open("/proc/net/route", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:4096]]
    except OSError:
        return []
    routes = [row for row in rows if len(row) > 7 and row[1] == row[7] == "00000000" and int(row[3], 16) & RTF_UP]
    return [row[0] for row in sorted(routes, key=lambda row: int(row[6]))[:1]]


def _machine():
    """What tells this machine from others; empty when nothing does."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id"):
        seed = _first_line(path)
        if seed:
            return seed
    return b""


def _made_up(seed):
    value = 0xCBF29CE484222325
    for byte in seed:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return ":".join(f"{byte:02x}" for byte in [2] + [value >> 8 * i & 0xFF for i in range(1, 6)])


def host_id():
    """The hid of this host."""
    candidates = [_first_line("/sys/class/net/eth0/address").decode("latin-1").lower()]
    machine = _machine()
    if machine:
        candidates.append(_made_up(machine))
    candidates += map(_hardware_address, default_interfaces())
    candidates += [_hardware_address(name) for _, name in socket.if_nameindex()]
    for candidate in candidates:
        if HARDWARE_ADDRESS.match(candidate) and candidate.strip("0:"):
            return candidate
    return _made_up(os.fsencode(socket.gethostname())[:255])


_known, _known_since = {}, 0.0


def is_own_address(address):
    """Is this IPv4 address one of this host? Remembered for ten seconds."""
    global _known_since
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    if parsed.is_loopback:
        return True
    if parsed.is_multicast or parsed.is_unspecified or parsed == ipaddress.IPv4Address("255.255.255.255"):
        return False
    if time.monotonic() - _known_since > 10 or len(_known) > 256:
        _known.clear()
        _known_since = time.monotonic()
    if address not in _known:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
                _known[address] = True
            except OSError:
                _known[address] = False
    return _known[address]
