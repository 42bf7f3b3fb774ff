"""Checks of the peer's codec, list text and names against the examples of wire.md and the golden vectors.

Written from doc/wire.md alone, see peer.py. Run: python3 test_wire.py WIRE.MD PACKETS.TSV
"""

import random
import re
import sys
import unittest

import identity
import packet
import tcllist

SENDER = "0408395a327033343636031130323a66633a30303a30303a30303a3031"


def contents(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read()


DOCUMENT, VECTORS = contents(sys.argv.pop(1)), contents(sys.argv.pop(1))


def dumps():
    """name -> bytes of each hexdump of section 13."""
    for name, text in re.findall(r"```hexdump (\S+)\n(.*?)```", DOCUMENT, re.S):
        lines = [re.match(r"\s*((?:[0-9a-f]{2}\b ?)+)", line).group(1) for line in text.splitlines()]
        yield name, bytes.fromhex("".join(lines))


def rows():
    """(name, payload text, bytes) of the table of appendix A."""
    for name, payload, data in re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) ?\| `(c08d.*?)` \|$", DOCUMENT, re.M):
        yield name, payload, bytes.fromhex(data.replace("…", SENDER).replace(" ", ""))


def vectors():
    """(name, payload text, bytes) of each golden vector."""
    for line in VECTORS.splitlines():
        if not line.startswith("#"):
            name, payload, data = line.split("\t")
            yield name, payload, bytes.fromhex(data)


def value(name, text):
    """A value as the vectors write it, as the codec wants it."""
    readers = {"varint": int, "list": tcllist.split, "boolean": lambda flag: flag == "1",
               "raw": lambda chars: chars.encode("latin-1")}
    return readers.get(packet.IDS[name][1], str)(text)


class Codec(unittest.TestCase):
    def test_worked_bytes(self):
        found = dict(dumps())
        self.assertEqual(len(found), 9)
        for name, data in found.items():
            self.round_trip(data)
        self.assertEqual(packet.decode(next(packet.bodies(found["query"])))["filter"], ["Y2FHR676", "lmXR2c69"])

    def test_table(self):
        found = list(rows())
        self.assertEqual(len(found), 10)
        for name, text, data in found:
            payload = self.round_trip(data)
            if name in ("only-type", "empty"):
                continue
            for key, told in tcllist.split_dict(text.strip("`")).items():
                self.assertEqual(payload[key], value(key, told), (name, key))

    def test_vectors(self):
        found = list(vectors())
        self.assertGreaterEqual(len(found), 47)
        for name, text, data in found:
            want = {key: value(key, told) for key, told in tcllist.split_dict(text).items()}
            self.assertEqual(packet.encode(want), data, name)
            got = packet.decode(*packet.bodies(data))
            self.assertEqual(list(got.items()), list(want.items()), name)
            for end in range(0, len(data), 1 + len(data) // 256):
                self.assertEqual(list(packet.bodies(data[:end])), [], (name, end))

    def round_trip(self, data):
        bodies = list(packet.bodies(data))
        self.assertEqual(len(bodies), 1)
        payload = packet.decode(bodies[0])
        self.assertEqual(packet.encode(payload), data)
        return payload

    def test_hostile(self):
        rng = random.Random(1)
        for _, data in dumps():
            for end in range(len(data)):
                self.assertEqual(list(packet.bodies(data[:end])), [])
            for at in range(len(data)):
                for _ in range(20):
                    bad = bytearray(data)
                    bad[at] = rng.randrange(256)
                    for body in packet.bodies(bytes(bad)):
                        try:
                            packet.decode(body)
                        except packet.Malformed:
                            pass
        self.assertRaises(packet.Malformed, packet.decode, bytes.fromhex("0affffffffffffffffff01"))
        self.assertRaises(packet.Malformed, packet.decode, bytes.fromhex("0cffffffffffffffffff01"))
        self.assertRaises(packet.Malformed, packet.decode, b"\x10\x00")
        self.assertEqual(packet.decode(b"\x0a\x03a\xffb")["data"], "a\xffb")
        self.assertEqual(packet.decode(b"\x0a\x03\xed\xa0\x80")["data"], "\xed\xa0\x80")

    def test_surrogates(self):
        for text, data in [(r"\ud83d\ude00", "f09f9880"), (r"a\ud800b", "61efbfbd62"),
                           (r"\udc00\ud800", "efbfbdefbfbd"), (r"\ud800\ud83d\ude00", "efbfbdf09f9880")]:
            self.assertEqual(packet.utf8(*tcllist.split(text)).hex(), data, text)

    def test_datagrams(self):
        first, second = [data for _, data in dumps()][:2]
        bad = packet.HEADER + b"\x02\x10\x00" + packet.END
        bodies = [data[3:-2] for data in (first, bad, second)]
        self.assertEqual(list(packet.bodies(first + bad + second)), bodies)
        self.assertEqual(list(packet.bodies(first + b"?" + second)), bodies[:1])

    def test_streams(self):
        packets = [data for _, data in dumps()]
        want = [next(packet.bodies(data)) for data in packets]
        noisy = b"garbage\xc0" + b"\xc0\x8d\x01x!!\xc0".join(packets) + b"\xc0"
        for step in (1, 2, 7, len(noisy)):
            splitter, got = packet.Splitter(), []
            for at in range(0, len(noisy), step):
                got += splitter.feed(noisy[at:at + step])
            self.assertEqual(got, want)
            self.assertEqual(bytes(splitter.buffer), b"\xc0")

    def test_limits(self):
        splitter = packet.Splitter()
        self.assertEqual(list(splitter.feed(packet.HEADER + packet.varint(packet.MAX_PACKET) + bytes(9))), [])
        self.assertEqual(bytes(splitter.buffer), b"")
        self.assertEqual(packet.elements_size(["a" * 127, "b" * 128]), 128 + 130)


class Lists(unittest.TestCase):
    def test_reading(self):
        for text, want in [
                ("t {port 42885} u {path /tmp/app-9Z2p3466.sock}",
                 ["t", "port 42885", "u", "path /tmp/app-9Z2p3466.sock"]),
                ("u {path {/tmp/my app.sock}}", ["u", "path {/tmp/my app.sock}"]),
                (r"u path\ \{/tmp/my\ app.sock\}", ["u", "path {/tmp/my app.sock}"]),
                (r"{a\}b} \101\x41\u0041\U00000041 \400 \x \q \U110000", [r"a\}b", "AAAA", " 0", "x", "q", "\U000110000"]),
                ('"a b\\"" a"b c{d}', ['a b"', 'a"b', "c{d}"]), ("a\\\n  b", ["a b"]), ("x\\", ["x\\"]),
                ("", []), (" \t", []), ("{} {}", ["", ""])]:
            self.assertEqual(tcllist.split(text), want, text)
        for text in ("{a", "{a}b", '"a', '"a"b'):
            self.assertRaises(tcllist.BadList, tcllist.split, text)
        self.assertRaises(tcllist.BadList, tcllist.split_dict, "a b c")

    def test_writing(self):
        rng = random.Random(2)
        for _ in range(3000):
            items = ["".join(rng.choice(' {}[]$;"\\#\n\tabé') for _ in range(rng.randrange(6))) for _ in range(3)]
            self.assertEqual(tcllist.split(tcllist.join(items)), items)


class Names(unittest.TestCase):
    def test_acceptable(self):
        for number in range(256):
            want = 0x21 <= number <= 0x7E and chr(number) not in '"$;[\\]{}@*?:'
            self.assertEqual(identity.acceptable(chr(number)), want, chr(number))
        self.assertTrue(identity.acceptable("02:fc:00:00:00:01"))
        for name in ("", "a::b", ":a", "a:", "a" * 65, "a\n"):
            self.assertFalse(identity.acceptable(name))


if __name__ == "__main__":
    unittest.main()
