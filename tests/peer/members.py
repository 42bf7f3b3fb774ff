"""What a member knows about another one, and about the queries it has open (wire.md 6, 7, 9, 10.3).

Written from doc/wire.md alone, see peer.py.
"""

import asyncio
import secrets

import tcllist
from deliveries import Inbox
from packet import utf8

MAX_STATE = 65536
MAX_SELF = 1024
SELF = "cluster"


def _number(text, most):
    """A number that a member tells of itself; 0 when it is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 15 or int(text) > most:
        return 0
    return int(text)


class Member:
    """Another member of the cluster."""

    def __init__(self, sid, hid, now):
        self.sid, self.hid = sid, hid
        self.first_heard = self.heard = now
        self.protocols = []
        self.tags = None            # None: not told yet
        self.props = None
        self.address = None         # source of its last datagram
        self.links = []             # the one it spoke over last at the end
        self.discovered = False
        self.asked_at = None        # for tags and props that were missing
        self.expected_by = None     # lost unless heard until then
        self.leaving_at = None      # said goodbye; forgotten then
        self.last_report = None     # of a failure, to it
        self.sending = 0
        self.can = frozenset()      # what it tells of itself: words, and its port for datagrams, or 0
        self.datagram = 0
        self.asked_us = False       # who we are
        self.probe = None           # the one under way
        self.proven = False         # it acked one
        self.rtt = self.rtt_deviation = None
        self.incarnation = 0
        self.inbox = Inbox()
        self.lock = asyncio.Lock()

    @property
    def uuid(self):
        return f"{self.sid}@{self.hid}"

    def called(self, name):
        """Is this member one of those that `name` means?"""
        return name in ("*", self.sid, self.hid) or name in (self.tags or ())

    @property
    def incomplete(self):
        """Has it not told all of itself yet?"""
        return self.tags is None or self.props is None

    def link(self):
        """The open connection to send over, or None."""
        return next((link for link in reversed(self.links) if link.is_open), None)

    def port(self):
        """The TCP port that it advertises, or None."""
        try:
            port = tcllist.split_dict((self.props or {}).get("t", ""))["port"]
        except (tcllist.BadList, KeyError):
            return None
        if len(port) > 5 or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            return None
        return int(port)

    def learn_props(self, text, replace):
        """Merge or replace props by the `data` of a packet; what is no dict, or too much, is ignored."""
        try:
            told = tcllist.split_dict(text)
        except tcllist.BadList:
            return
        if SELF in told and SELF not in self.protocols:
            self._learn_self(told.pop(SELF))
        props = told if replace else {**(self.props or {}), **told}
        if len(utf8(tcllist.join_dict(props))) <= MAX_STATE:
            self.props = props

    def _learn_self(self, text):
        """What it tells of itself replaces what it told before (wire.md 7.1)."""
        try:
            told = tcllist.split_dict(text) if len(utf8(text)) <= MAX_SELF else {}
            can = tcllist.split(told.get("can", ""))
        except tcllist.BadList:
            told, can = {}, []
        self.can, self.datagram = frozenset(can), _number(told.get("datagram", ""), 65535)


class Query:
    """A query that was asked, and its answers so far: uuid to (worked, text)."""

    def __init__(self, members, ends):
        self.ruid = secrets.token_hex(8)
        self.awaited = {member.uuid: member for member in members}
        self.results = {}
        self.ends = ends

    def settle(self, member, worked, text):
        """Take an answer; False when it is not awaited."""
        if self.awaited.pop(member.uuid, None) is None:
            return False
        self.results[member.uuid] = worked, text
        return True
