"""Packets: bytes to payload dicts and back, and finding packets in datagrams and streams (wire.md 2, 3, 1.1, 1.2).

A payload is a dict from field name to value: int, str, bytes (raw), list of str, bool.

Written from doc/wire.md alone, see peer.py.
"""

import codecs

HEADER = b"\xc0\x8d"
END = b"\x00\x00"
MAX_PACKET = 16 * 1024 * 1024
MAX_DATAGRAM = 65507
MAX_ELEMENTS = 65536

DISCONNECT, HEARTBEAT, DISCOVERY, PING, QUERY, RESPONSE, EVENT, FLUSH, FAILURE, PROBE, ACK, RELAY, DELIVERY, \
    RECEIPT = range(14)

FIELDS = {
    1: ("type", "varint"), 2: ("channel", "varint"), 3: ("hid", "string"), 4: ("sid", "string"),
    5: ("known", "varint"), 6: ("timestamp", "varint"), 7: ("protocols", "list"), 8: ("ruid", "string"),
    9: ("op", "string"), 10: ("data", "string"), 11: ("raw", "raw"), 12: ("tags", "list"),
    13: ("keepalive", "boolean"), 14: ("filter", "list"), 15: ("error", "string"),
}
IDS = {name: (number, kind) for number, (name, kind) in FIELDS.items()}


class Malformed(ValueError):
    """These bytes are no packet, whatever follows."""


class Truncated(Malformed):
    """These bytes may be the beginning of a packet."""


def _stray(error):
    return "".join(map(chr, error.object[error.start:error.end])), error.end


codecs.register_error("cluster-stray", _stray)


# -- writing

def varint(number):
    if not 0 <= number < 1 << 64:
        raise ValueError("not an unsigned 64 bit integer")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _sized(content):
    return varint(len(content)) + content


def utf8(text):
    """The bytes of a text; pairs of surrogates are one character, single ones U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _string(text):
    return _sized(utf8(text))


def elements_size(items):
    """Bytes that the elements of a list take."""
    return sum(len(_string(item)) for item in items)


WRITERS = {
    "varint": varint,
    "string": _string,
    "raw": _sized,
    "list": lambda items: varint(len(items)) + b"".join(map(_string, items)),
    "boolean": lambda flag: b"\x01" if flag else b"\x00",
}


def encode(payload):
    """The packet of a payload, its fields in the order of the dict."""
    body = bytearray()
    for name, value in payload.items():
        number, kind = IDS[name]
        if kind == "list" and len(value) > MAX_ELEMENTS:
            raise ValueError(f"too many elements in {name}")
        body += varint(number) + WRITERS[kind](value)
    packet = HEADER + varint(len(body)) + bytes(body) + END
    if len(packet) > MAX_PACKET:
        raise ValueError("packet too long")
    return packet


# -- reading

def read_varint(buffer, at, end):
    """(value, position after it); nothing at or behind `end` is looked at."""
    value = 0
    for index in range(10):
        if at >= end:
            raise Truncated("varint cut short")
        byte = buffer[at]
        at += 1
        if index == 9 and byte > 1:
            raise Malformed("varint beyond 64 bits")
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at
    raise Malformed("varint too long")


def _read_bytes(buffer, at, end):
    size, at = read_varint(buffer, at, end)
    if size > end - at:
        raise Malformed("string beyond the end")
    return bytes(buffer[at:at + size]), at + size


def _read_string(buffer, at, end):
    content, at = _read_bytes(buffer, at, end)
    return content.decode("utf-8", "cluster-stray"), at


def _read_list(buffer, at, end):
    count, at = read_varint(buffer, at, end)
    if count > end - at or count > MAX_ELEMENTS:
        raise Malformed("list beyond the end")
    items = []
    for _ in range(count):
        item, at = _read_string(buffer, at, end)
        items.append(item)
    return items, at


def _read_boolean(buffer, at, end):
    if at >= end:
        raise Malformed("boolean cut short")
    return buffer[at] != 0, at + 1


READERS = {"varint": read_varint, "string": _read_string, "raw": _read_bytes,
           "list": _read_list, "boolean": _read_boolean}


def decode(body):
    """The payload of a body; raises Malformed."""
    payload, at, end = {}, 0, len(body)
    while at < end:
        number, at = read_varint(body, at, end)
        if number not in FIELDS:
            raise Malformed(f"field {number}")
        name, kind = FIELDS[number]
        payload[name], at = READERS[kind](body, at, end)
    return payload


def frame(buffer, at):
    """(begin, end) of the body of the packet at `at`; raises Truncated or Malformed."""
    mark = bytes(buffer[at:at + 2])
    if mark != HEADER:
        raise Truncated("no header yet") if HEADER.startswith(mark) else Malformed("no header")
    length, begin = read_varint(buffer, at + 2, len(buffer))
    stop = begin + length
    if stop + 2 - at > MAX_PACKET:
        raise Malformed("packet too long")
    mark = bytes(buffer[stop:stop + 2])
    if mark != END:
        raise Truncated("no end yet") if END.startswith(mark) else Malformed("no end mark")
    return begin, stop


def bodies(datagram):
    """The bodies of the packets that stand back to back in a datagram, up to the first garbage."""
    at = 0
    while at < len(datagram):
        try:
            begin, stop = frame(datagram, at)
        except Malformed:
            return
        yield datagram[begin:stop]
        at = stop + 2


class Splitter:
    """Finds the packets of a stream, resynchronising after garbage."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        """Add bytes; yield each body that is complete now. Exhaust it before the next call."""
        self.buffer += data
        at = 0
        try:
            while at < len(self.buffer):
                try:
                    begin, stop = frame(self.buffer, at)
                except Truncated:
                    break
                except Malformed:
                    at = self._next_header(at + 1)
                    continue
                body = bytes(self.buffer[begin:stop])
                at = stop + 2
                yield body
        finally:
            del self.buffer[:at]

    def _next_header(self, at):
        found = self.buffer.find(HEADER, at)
        if found >= 0:
            return found
        return len(self.buffer) - (1 if self.buffer[at:].endswith(HEADER[:1]) else 0)
