"""Text of Tcl lists and dicts, as in the `data` of heartbeats, pings and failures (wire.md 4).

Written from doc/wire.md alone, see peer.py.
"""

import re

SPACE = " \t\n\v\f\r"
NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
OCTAL, HEX = "01234567", "0123456789abcdefABCDEF"
HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
PLAIN = re.compile(r"[A-Za-z0-9_\-./:@%+,=~^*?!<>'|&()\u0080-\U0010ffff]+\Z")
ESCAPES = {**{c: "\\" + c for c in ' {}[]$;"\\#'},
           "\n": "\\n", "\t": "\\t", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


class BadList(ValueError):
    """The text is no list, or no dict."""


def _digits(text, at, digits, most, limit):
    """(number, position) of up to `most` digits as long as the number stays within the limit."""
    number, start = 0, at
    while at < len(text) and at - start < most and text[at] in digits:
        bigger = number * len({c.lower() for c in digits}) + int(text[at], 16)
        if bigger > limit:
            break
        number, at = bigger, at + 1
    return number, at


def _backslash(text, at):
    """(character, position after it) of the sequence whose backslash is at `at`."""
    at += 1
    if at == len(text):
        return "\\", at
    char = text[at]
    if char in NAMED:
        return NAMED[char], at + 1
    if char in OCTAL:
        number, at = _digits(text, at, OCTAL, 3, 0xFF)
        return chr(number), at
    if char in HEX_DIGITS:
        number, after = _digits(text, at + 1, HEX, HEX_DIGITS[char], 0x10FFFF)
        return (chr(number) if after > at + 1 else char), after
    if char == "\n":
        at += 1
        while at < len(text) and text[at] in " \t":
            at += 1
        return " ", at
    return char, at + 1


def _braced(text, at):
    begin, depth = at + 1, 1
    at = begin
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if not depth:
                return text[begin:at], at + 1
        at += 1
    raise BadList("brace without end")


def _replaced(text, at, stops):
    """Text up to one of the stops, with backslash sequences replaced."""
    out = []
    while at < len(text) and text[at] not in stops:
        if text[at] == "\\":
            char, at = _backslash(text, at)
        else:
            char, at = text[at], at + 1
        out.append(char)
    return "".join(out), at


def split(text):
    """The elements of a list."""
    items, at = [], 0
    while True:
        while at < len(text) and text[at] in SPACE:
            at += 1
        if at == len(text):
            return items
        if text[at] == "{":
            item, at = _braced(text, at)
        elif text[at] == '"':
            item, at = _replaced(text, at + 1, '"')
            if at == len(text):
                raise BadList("quote without end")
            at += 1
        else:
            item, at = _replaced(text, at, SPACE)
        if at < len(text) and text[at] not in SPACE:
            raise BadList("no space after an element")
        items.append(item)


def split_dict(text):
    """A dict from the text of one."""
    items = split(text)
    if len(items) % 2:
        raise BadList("odd number of elements")
    return dict(zip(items[::2], items[1::2]))


def _element(item):
    if not item:
        return "{}"
    if PLAIN.match(item):
        return item
    if not any(c in "{}\\" for c in item):
        return "{" + item + "}"
    return "".join(ESCAPES.get(c, c) for c in item)


def join(items):
    """The text of a list."""
    return " ".join(map(_element, items))


def join_dict(mapping):
    """The text of a dict."""
    return join([part for pair in mapping.items() for part in pair])
