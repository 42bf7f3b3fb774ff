#!/usr/bin/python3
"""Makes sealed.tsv: sealed packets, from doc/wire.md section 15 alone.

By libsodium through PyNaCl (Debian: python3-nacl) and Python's own BLAKE2b;
nothing of the package is used.

usage: python3 sealed.py >sealed.tsv
"""

import hashlib

import nacl.bindings as sodium

DATAGRAM, HELLO, ANSWER, RECORD = 1, 2, 3, 4
LOW_ORDER = [
    bytes(32),
    bytes([1]) + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


def blake(data, key=b""):
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def envelope(value):
    body = varint(16) + varint(len(value)) + value
    return b"\xc0\x8d" + varint(len(body)) + body + b"\0\0"


def seal(key, nonce, data, plain):
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, data, nonce, key)


def key_id(key):
    return blake(key)[:4]


def group_bytes(group, port):
    return port.to_bytes(2, "big") + bytes([len(group)]) + group


def datagram(key, origin, number, group, port, audience, time, packet):
    head = bytes([DATAGRAM]) + key_id(key)
    nonce = origin + number.to_bytes(8, "big")
    data = head + group_bytes(group, port) + audience
    plain = time.to_bytes(8, "big") + packet
    sealed = seal(blake(b"cluster seal 1 datagram", key), nonce, data, plain)
    return envelope(head + nonce + sealed)


class Handshake:
    """Both ends at once, as the vectors have the secrets of both."""

    def __init__(self, key, group, port):
        self.hash = self.chain = blake(b"cluster seal 1 NNpsk0 25519 XChaChaPoly BLAKE2b")
        self.id = key_id(key)
        self.mix_hash(b"\x01" + self.id + group_bytes(group, port))
        self.chain, more, self.key = self.derive(blake(b"cluster seal 1 handshake", key), 3)
        self.mix_hash(more)

    def derive(self, data, count):
        key = blake(data, self.chain)
        made = [b""]
        for number in range(1, count + 1):
            made.append(blake(made[-1] + bytes([number]), key))
        return made[1:]

    def mix_hash(self, data):
        self.hash = blake(self.hash + data)

    def mix_key(self, data):
        self.chain, self.key = self.derive(data, 2)

    def mix_number(self, number):
        self.mix_hash(number)
        self.mix_key(number)

    def seal(self, plain):
        sealed = seal(self.key, bytes(24), self.hash, plain)
        self.mix_hash(sealed)
        return sealed

    def hello(self, number):
        self.mix_number(number)
        return envelope(bytes([HELLO]) + self.id + number + self.seal(b""))

    def answer(self, number, shared, payload):
        self.mix_number(number)
        self.mix_key(shared)
        return envelope(bytes([ANSWER]) + number + self.seal(payload))

    def split(self):
        return self.derive(b"", 2)


class Stream:
    """One direction, by crypto_secretstream_xchacha20poly1305."""

    def __init__(self, key, header):
        self.state = sodium.crypto_secretstream_xchacha20poly1305_state()
        # The state of both ends is the same; init_push would draw a header of its own.
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self.state, header, key)

    def piece(self, plain, tag=0):
        return sodium.crypto_secretstream_xchacha20poly1305_push(self.state, plain, None, tag)


def row(name, what, facts, data):
    texts = {key: value.hex() if isinstance(value, bytes) else value for key, value in facts.items()}
    facts = " ".join(f"{key} {'{}' if text == '' else text}" for key, text in texts.items())
    print(name, what, facts, data.hex(), sep="\t")


def datagrams():
    key, origin = bytes(range(32)), bytes(range(0x80, 0x90))
    heartbeat = bytes.fromhex(
        "c08d290408395a327033343636031130323a66633a30303a30303a30303a30310101020007020174016305000000")
    for name, number, group, port, audience, time, packet in [
        ("beat", 1, b"230.230.230.230", 23000, b"", 1790000000000, heartbeat),
        ("for-one", 2, b"230.230.230.230", 23000, b"vZnBp267@02:fc:00:00:00:02", 1790000000001, heartbeat),
        ("other-group", 258, b"239.1.2.3", 9999, b"", 1790000000002, heartbeat),
        ("empty", 2**64 - 1, b"230.230.230.230", 23000, b"", 0, b""),
        ("large", 3, b"230.230.230.230", 23000, b"", 2**53, bytes(i % 251 for i in range(1300))),
    ]:
        row(name, "datagram", {"key": key, "origin": origin, "number": number, "group": group.decode(), "port": port,
            "audience": audience, "time": time, "packet": packet}, datagram(key, origin, number, group, port, audience, time, packet))


def streams():
    key, group, port = bytes(range(32)), b"230.230.230.230", 23000
    connects, accepts = bytes(range(0x20, 0x40)), bytes(range(0x40, 0x60))
    first, second = bytes(range(0x60, 0x78)), bytes(range(0xa0, 0xb8))
    caller, called = b"9Z2p3466@02:fc:00:00:00:01", b"vZnBp267@02:fc:00:00:00:02"
    numbers = [sodium.crypto_scalarmult_base(secret) for secret in (connects, accepts)]
    facts = {"key": key, "group": group.decode(), "port": port, "connects": connects, "accepts": accepts,
             "header1": first, "header2": second, "name1": caller, "name2": called}

    handshake = Handshake(key, group, port)
    row("stream", "hello", facts, handshake.hello(numbers[0]))
    payload = second + bytes([len(called)]) + called
    row("stream", "answer", {}, handshake.answer(numbers[1], sodium.crypto_scalarmult(connects, numbers[1]), payload))
    there, back = handshake.split()
    there, back = Stream(there, first), Stream(back, second)
    row("stream", "name", {}, envelope(bytes([RECORD]) + first + there.piece(bytes([len(caller)]) + caller)))
    # Tag 2 after 28 bytes and more: what follows is under another key.
    for what, stream, plain, tag in [("there", there, b"hello", 0), ("back", back, b"hello yourself", 0),
            ("there", there, b"", 0), ("there", there, b"the last under this key", 2), ("there", there, b"under another", 0),
            ("back", back, bytes(i % 251 for i in range(2000)), 2)]:
        row("stream", what, {"plain": plain}, envelope(bytes([RECORD]) + stream.piece(plain, tag)))

    for number, low in enumerate(LOW_ORDER):
        row(f"low-{number}", "lowhello", {}, Handshake(key, group, port).hello(low))
        handshake = Handshake(key, group, port)
        handshake.hello(numbers[0])
        row(f"low-{number}", "lowanswer", {}, handshake.answer(low, bytes(32), payload))

    # What only who has the key can make: pieces that end a stream, names that are none.
    for name, data in [("short", bytes([27]) + caller), ("none", b""), ("long", bytes([193]) + bytes(193)),
            ("more", bytes([len(caller)]) + caller + b"for later versions")]:
        handshake = Handshake(key, group, port)
        handshake.hello(numbers[0])
        row(name, "answer", {}, handshake.answer(numbers[1], sodium.crypto_scalarmult(connects, numbers[1]), second + data))
        handshake = Handshake(key, group, port)
        handshake.hello(numbers[0])
        handshake.answer(numbers[1], sodium.crypto_scalarmult(connects, numbers[1]), payload)
        there = Stream(handshake.split()[0], first)
        row(name, "name", {}, envelope(bytes([RECORD]) + first + there.piece(data)))
        if name == "more":
            row("final", "there", {}, envelope(bytes([RECORD]) + there.piece(b"the end", 3)))


print("# name\twhat\tfacts (Tcl dict; bytes, but for plain numbers and the group, as hex)\tpacket (hex)")
datagrams()
streams()
