"""Checks of the peer's parts against the examples of wire.md and the golden vectors.

Written from doc/wire.md alone, see peer.py. Run: python3 test_wire.py WIRE.MD PACKETS.TSV
"""

import random
import re
import sys
import unittest

import deliveries
import identity
import packet
import probing
import tcllist
from members import Member

SENDER = "0408395a327033343636031130323a66633a30303a30303a30303a3031"


def contents(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read()


DOCUMENT, VECTORS = contents(sys.argv.pop(1)), contents(sys.argv.pop(1))


def dumps():
    """name -> bytes of each hexdump of section 13."""
    for name, text in re.findall(r"```hexdump (?!sealed-)(\S+)\n(.*?)```", DOCUMENT, re.S):
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


def payload_of(name):
    """What a golden vector decodes to."""
    return next(packet.decode(*packet.bodies(data)) for found, _, data in vectors() if found == name)


class Probes(unittest.TestCase):
    def test_vectors(self):
        mate, sender = "lmXR2c69@02:fc:00:00:00:01", "9Z2p3466@02:fc:00:00:00:01"
        for name, kind, want in [
                ("probe", packet.PROBE, {"incarnation": "0", "names": mate}),
                ("probe-bare", packet.PROBE, {}),
                ("ack", packet.ACK, {"incarnation": "0", "names": mate}),
                ("ack-refutes", packet.ACK, {"incarnation": "1", "news": f"alive {sender} 1", "names": ""}),
                ("ack-for", packet.ACK, {"for": mate, "incarnation": "0", "names": ""}),
                ("relay", packet.RELAY, {"of": mate, "incarnation": "0", "names": ""})]:
            payload = payload_of(name)
            self.assertEqual(payload["type"], kind, name)
            self.assertEqual(probing.read_data(payload), want, name)
            self.assertTrue(probing.RUID.match(payload["ruid"]), name)
        words = probing.read_words(probing.read_data(payload_of("probe-news"))["news"], 3 * probing.MAX_NEWS)
        self.assertEqual(words[::3], ["suspect", "alive"])
        self.assertEqual([probing.read_incarnation(text) for text in words[2::3]], [0, (1 << 32) - 1])

    def test_hostile(self):
        for data in ("a", "{", "news", "x" * 2049, "a b " * 513):
            self.assertEqual(probing.read_data({"data": data}), {})
        for text in ("", "-1", "4294967296", "1.0", "0x1", "12345678901", "\u0661"):
            self.assertIsNone(probing.read_incarnation(text), text)
        self.assertEqual(probing.read_words("a {", 9), [])
        self.assertEqual(probing.read_words("a b c", 2), ["a", "b"])
        for ruid in ("", "a b", "x" * 65, "a\n", "\u00e9"):
            self.assertIsNone(probing.RUID.match(ruid), ruid)

    def test_news(self):
        news = probing.News()
        for number in range(probing.NEWS_KEPT + 8):
            news.add("suspect", f"m{number}", number)
        self.assertEqual(len(news.items), probing.NEWS_KEPT)
        first = news.take(3)
        self.assertEqual(len(first), 3 * probing.MAX_NEWS)
        news.add("alive", first[1], 7)          # the newer replaces the older
        self.assertEqual(news.items[first[1]][:2], ["alive", 7])
        self.assertNotIn(first[4], news.take(3))        # what was told less comes first
        for _ in range(200):
            news.take(3)
        self.assertEqual(news.items, {})

    def test_bucket(self):
        bucket = probing.Bucket(3, 2)
        self.assertEqual([bucket.take(100) for _ in range(4)], [True, True, True, False])
        self.assertEqual([bucket.take(101) for _ in range(3)], [True, True, False])

    def test_self(self):
        def told(text, protocols=("t", "c")):
            member = Member("a", "b", 0)
            member.protocols = list(protocols)
            member.learn_props(tcllist.join_dict({"t": "port 9", "cluster": text}), False)
            return member
        member = told("version 1 datagram 4711 can {probe confirm other} unknown {x y}")
        self.assertEqual((member.datagram, sorted(member.can)), (4711, ["confirm", "other", "probe"]))
        self.assertEqual(member.props, {"t": "port 9"})
        member.learn_props("t {port 10}", True)         # without the key what was told stays
        self.assertEqual((member.datagram, "probe" in member.can), (4711, True))
        member.learn_props("cluster {can confirm}", False)
        self.assertEqual((member.datagram, member.can), (0, {"confirm"}))
        for datagram in ("0", "65536", "-1", "x", "1234567890123456", "4711.0", ""):
            member = told(tcllist.join_dict({"datagram": datagram, "can": "probe"}))
            self.assertEqual((member.datagram, member.can), (0, {"probe"}), datagram)
        for text in ("a", "can {", "datagram 1 x " + "x" * 1024):
            self.assertEqual((told(text).datagram, told(text).can), (0, set()), text)
        member = told("port 5", ["t", "c", "cluster"])  # a transport of that name
        self.assertEqual(member.props["cluster"], "port 5")


class Deliveries(unittest.TestCase):
    def setUp(self):
        self.inbox, self.heard = deliveries.Inbox(), []

    def take(self, ruid, data="", fails=None):
        def act():
            self.heard.append(data)
            if fails:
                raise ValueError(fails)
        return self.inbox.take(ruid, act)

    def test_vectors(self):
        for name, key in [("delivery", (1, 1)), ("delivery-raw", (1, 2)), ("delivery-void", (1, 3)),
                          ("delivery-largest", (10 ** 15 - 1, 10 ** 15 - 1)), ("receipt", (1, 2)),
                          ("receipt-error", (1, 3)), ("receipt-gap", (1, 5)), ("receipt-unknown", (2, 7))]:
            payload = payload_of(name)
            self.assertEqual(payload["type"], packet.RECEIPT if "receipt" in name else packet.DELIVERY, name)
            self.assertEqual(deliveries.read_ruid(payload["ruid"]), ("K7c0QzV2mX", *key), name)
        self.assertIsNone(deliveries.read_ruid(payload_of("receipt-late")["ruid"]))

    def test_order(self):
        told = [self.take(f"dAAAAAAAAAA.5.{sequence}", data) for sequence, data in
                [(1, "a"), (1, "a"), (3, "c"), (4, "d"), (2, "b"), (2, "b"), (3, "c"), (1, "a"), (9, "z")]]
        self.assertEqual(self.heard, ["a", "b", "c"])
        self.assertEqual([receipt and receipt["data"] for receipt in told],
                         ["1", "1", "gap", None, "2", "2", "3", "1", "gap"])

    def test_epochs(self):
        for ruid, want in [("dAAAAAAAAAA.5.2", "unknown"), ("dAAAAAAAAAA.5.1", "1"), ("dAAAAAAAAAA.4.1", None),
                           ("dBBBBBBBBBB.5.2", None), ("dBBBBBBBBBB.6.2", "unknown"), ("dAAAAAAAAAA.5.2", "2"),
                           ("dBBBBBBBBBB.6.1", "1"), ("dAAAAAAAAAA.5.3", None)]:
            receipt = self.take(ruid)
            self.assertEqual(receipt and receipt["data"], want, ruid)
        self.assertEqual(len(self.heard), 3)

    def test_failed(self):
        self.assertEqual(self.take("dAAAAAAAAAA.1.1", fails="no" * 200), {"error": ("no" * 200)[:256]})
        self.assertEqual(self.take("dAAAAAAAAAA.1.2"), {"data": "2"})
        self.assertEqual(self.take("dAAAAAAAAAA.1.1"), {"error": ("no" * 200)[:256]})
        self.assertEqual(len(self.heard), 2)

    def test_hostile(self):
        for ruid in ("", "x", "d.1.1", "dAAAAAAAAAA", "dAAAAAAAAAA.1.", "dAAAAAAAAAA.1.0", "dAAAAAAAAAA.0.1",
                     "dAAAAAAAAAA.1.1x", "dAAAAAAAAAA.1.1\n", "dAAAAAAAAA.1.1", "dAAAAAAAAAA.1.1234567890123456",
                     "dAAAAAAAAAA.1.\u0661", "eAAAAAAAAAA.1.1"):
            self.assertIsNone(self.take(ruid), ruid)
        self.assertEqual(self.heard, [])


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
