"""Packets as bytes: sections 2 and 3 of doc/wire.md."""

HEADER = b"\xc0\x8d"
END = b"\x00\x00"
MAX_PACKET = 16 * 1024 * 1024
MAX_ELEMENTS = 65536

FIELDS = {
    1: ("type", "varint"),
    2: ("channel", "varint"),
    3: ("hid", "string"),
    4: ("sid", "string"),
    5: ("known", "varint"),
    6: ("timestamp", "varint"),
    7: ("protocols", "list"),
    8: ("ruid", "string"),
    9: ("op", "string"),
    10: ("data", "string"),
    11: ("raw", "raw"),
    12: ("tags", "list"),
    13: ("keepalive", "boolean"),
    14: ("filter", "list"),
    15: ("error", "string"),
}
IDS = {name: (number, kind) for number, (name, kind) in FIELDS.items()}


class Malformed(Exception):
    """These bytes are no packet."""


class Incomplete(Malformed):
    """These bytes end too early: in a stream the rest may yet come."""


# ---- writing ---------------------------------------------------------------


def write_varint(number):
    if not 0 <= number < 1 << 64:
        raise ValueError("no varint: %d" % number)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_raw(value):
    return write_varint(len(value)) + value


def write_string(value):
    return write_raw(value.encode("utf-8"))


def write_list(values):
    return write_varint(len(values)) + b"".join(map(write_string, values))


def write_boolean(value):
    return b"\x01" if value else b"\x00"


WRITERS = {
    "varint": write_varint,
    "string": write_string,
    "raw": write_raw,
    "list": write_list,
    "boolean": write_boolean,
}


def encode(payload):
    """A packet with the payload's fields in the dict's order."""
    body = b""
    for name, value in payload.items():
        number, kind = IDS[name]
        body += write_varint(number) + WRITERS[kind](value)
    return HEADER + write_varint(len(body)) + body + END


# ---- reading ---------------------------------------------------------------


def text(value):
    """Bytes as text; stray ones are the characters of their number."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "surrogateescape").translate(
            {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
        )


class Reader:
    """Takes values off a run of bytes, never beyond its end."""

    def __init__(self, data, at=0, end=None):
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def left(self):
        return self.end - self.at

    def take(self, count):
        if count > self.left():
            raise Incomplete("value runs past the end")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def varint(self):
        number = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            if shift == 63 and byte > 1:
                raise Malformed("number beyond 64 bits")
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise Malformed("number beyond 64 bits")

    def raw(self):
        return self.take(self.varint())

    def string(self):
        return text(self.raw())

    def list(self):
        count = self.varint()
        if count > self.left():
            raise Incomplete("more elements than bytes")
        if count > MAX_ELEMENTS:
            raise Malformed("too many elements")
        return [self.string() for _ in range(count)]

    def boolean(self):
        return self.take(1) != b"\x00"


def frame_size(data, at=0):
    """How many bytes the packet that begins there takes."""
    header = bytes(data[at : at + 2])
    if not HEADER.startswith(header):
        raise Malformed("no header")
    if len(header) < 2:
        raise Incomplete("half a header")
    reader = Reader(data, at + 2)
    body = reader.varint()
    size = reader.at - at + body + 2
    if size > MAX_PACKET:
        raise Malformed("packet too large")
    if size > len(data) - at:
        raise Incomplete("body runs past the end")
    if bytes(data[at + size - 2 : at + size]) != END:
        raise Malformed("no end mark")
    return size


def decode(packet):
    """The payload of exactly one packet: a dict in the order of its fields."""
    if frame_size(packet) != len(packet):
        raise Malformed("bytes behind the end mark")
    reader = Reader(packet, 2, len(packet) - 2)
    reader.varint()
    payload = {}
    while reader.left():
        number = reader.varint()
        if number not in FIELDS:
            raise Malformed("unknown field %d" % number)
        name, kind = FIELDS[number]
        payload[name] = getattr(reader, kind)()
    return payload


def split_datagram(data):
    """The packets of a datagram; what is none ends it."""
    packets = []
    try:
        while data:
            size = frame_size(data)
            packets.append(data[:size])
            data = data[size:]
    except Malformed:
        pass
    return packets


class Stream:
    """Finds packets in bytes that come in pieces of any size (section 1.2)."""

    def __init__(self):
        self.waiting = bytearray()

    def feed(self, data):
        self.waiting += data
        packets = []
        at = 0
        while True:
            at = self.waiting.find(HEADER[:1], at)
            if at < 0:
                at = len(self.waiting)
                break
            try:
                size = frame_size(self.waiting, at)
            except Incomplete:
                break
            except Malformed:
                at += 1
                continue
            packets.append(bytes(self.waiting[at : at + size]))
            at += size
        del self.waiting[:at]
        return packets
