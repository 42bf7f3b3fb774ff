"""Events that are to be confirmed: each taken once, in the order of its sender (wire.md 9.2).

Written from doc/wire.md alone, see peer.py.
"""

import collections
import re

MAX_FAILED = 64             # that are remembered, of one sender
MAX_FAILED_TEXT = 256
RUID = re.compile(r"d([A-Za-z0-9]{10})\.(0*[1-9][0-9]*)\.(0*[1-9][0-9]*)\Z")
MAX_DIGITS = 15


def read_ruid(text):
    """(nonce, epoch, sequence), or None when it is none of a delivery."""
    found = RUID.match(text)
    if not found or max(len(found[2]), len(found[3])) > MAX_DIGITS:
        return None
    return found[1], int(found[2]), int(found[3])


class Inbox:
    """What has been taken of one sender."""

    def __init__(self):
        self._begin("", 0)

    def _begin(self, nonce, epoch):
        self.nonce, self.epoch, self.taken = nonce, epoch, 0
        self.failed = collections.OrderedDict()     # sequence to text
        self.gap_after = None

    def take(self, ruid, act):
        """What the receipt for a delivery says: {"data": TEXT} or {"error": TEXT}; None when there is none.

        `act` is called if the delivery's turn has come, and raises when it fails.
        """
        key = read_ruid(ruid)
        if key is None:
            return None
        nonce, epoch, sequence = key
        if (nonce, epoch) != (self.nonce, self.epoch):
            if epoch <= self.epoch:
                return None
            if sequence != 1:
                return {"data": "unknown"}
            self._begin(nonce, epoch)
        if sequence > self.taken + 1:
            return self._gap()
        if sequence == self.taken + 1:
            self.taken = sequence
            self._act(sequence, act)
        if sequence in self.failed:
            return {"error": self.failed[sequence]}
        return {"data": str(sequence)}

    def _gap(self):
        if self.gap_after == self.taken:
            return None
        self.gap_after = self.taken
        return {"data": "gap"}

    def _act(self, sequence, act):
        try:
            act()
        except Exception as error:      # whatever the application has against it is told to the sender
            self.failed[sequence] = (str(error) or type(error).__name__)[:MAX_FAILED_TEXT]
            if len(self.failed) > MAX_FAILED:
                self.failed.popitem(last=False)
