"""What a member has to know of its host: the hid of section 5 of doc/wire.md."""

import fcntl
import socket
import struct

SIOCGIFHWADDR = 0x8927
NONE = "00:00:00:00:00:00"


def first_line(path):
    try:
        with open(path, encoding="latin-1") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return ""


def hardware_address(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("256s", interface.encode())
        try:
            answer = fcntl.ioctl(probe.fileno(), SIOCGIFHWADDR, request)
        except OSError:
            return NONE
    return ":".join("%02x" % byte for byte in answer[18:24])


def default_interface():
    best = None
    try:
        with open("/proc/net/route") as routes:
            rows = [line.split() for line in routes][1:]
    except OSError:
        return None
    for row in rows:
        up = int(row[3], 16) & 1
        if up and int(row[1], 16) == 0 and int(row[7], 16) == 0:
            if best is None or int(row[6]) < best[0]:
                best = (int(row[6]), row[0])
    return best[1] if best else None


def machine_address():
    files = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id")
    machine = next(filter(None, map(first_line, files)), "") or socket.gethostname()
    value = 0xCBF29CE484222325
    for byte in machine.encode("latin-1"):
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return ":".join("%02x" % byte for byte in [2] + [value >> 8 * i & 0xFF for i in range(1, 6)])


def hid():
    candidates = [first_line("/sys/class/net/eth0/address")]
    interface = default_interface()
    if interface:
        candidates.append(hardware_address(interface))
    candidates += [hardware_address(name) for _, name in socket.if_nameindex()]
    for candidate in candidates:
        if candidate and candidate != NONE:
            return candidate
    return machine_address()
