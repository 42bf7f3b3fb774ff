"""What an application hears of a cluster.

Written from doc/wire.md alone, see peer.py.
"""


class Listener:
    """What an application hears of a cluster; override what is of interest."""

    def discovered(self, member): pass
    def changed(self, member): pass
    def lost(self, member, why): pass
    def event(self, member, payload, over): pass         # an exception: not delivered, if somebody wants to know
    def query(self, member, text, over): return ""      # an exception becomes an error answer
    def late(self, member, ruid): pass                  # our answer came when its query had ended
    def suspect(self, member): pass
    def alive(self, member): pass                       # one that was suspect
    def acked(self, member): pass                       # its first answer to a probe
    def relayed(self, member, asker): pass              # probed for somebody, and answered
    def helped(self, member, by): pass                  # it answered one who was asked to probe it for us
    def refuted(self, incarnation): pass                # we were suspected
    def incarnation(self, member): pass                 # it has another
    def answered(self, query, member, worked, text): pass
    def done(self, query): pass
