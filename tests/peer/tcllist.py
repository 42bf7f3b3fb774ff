"""Tcl lists and dicts as text: section 4 of doc/wire.md."""

import re

BLANKS = " \t\n\v\f\r"
OCTAL = "01234567"
HEX = "0123456789abcdefABCDEF"
LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPES = {"\n": "n", "\t": "t", "\v": "v", "\f": "f", "\r": "r"}
BARE = re.compile(r"[A-Za-z0-9_\-./:@%+,=~^*?!<>'|&()\u0080-\U0010ffff]+")


class NotList(ValueError):
    """This text is no Tcl list."""


# ---- reading ---------------------------------------------------------------


def digits(text, at, allowed, most, largest):
    """The run of digits there as a number, and where it ends."""
    base = len(set(allowed.lower()))
    number = 0
    end = at
    while end < len(text) and end - at < most and text[end] in allowed:
        value = number * base + int(text[end], base)
        if value > largest:
            break
        number = value
        end += 1
    return number, end


def backslash(text, at):
    """The character that the sequence there (behind its backslash) stands for, and where it ends."""
    if at == len(text):
        return "\\", at
    char = text[at]
    if char in OCTAL:
        number, end = digits(text, at, OCTAL, 3, 0xFF)
        return chr(number), end
    if char in "xuU":
        most = {"x": 2, "u": 4, "U": 8}[char]
        number, end = digits(text, at + 1, HEX, most, 0x10FFFF)
        return (chr(number) if end > at + 1 else char), end
    if char == "\n":
        end = at + 1
        while end < len(text) and text[end] in " \t":
            end += 1
        return " ", end
    return LETTERS.get(char, char), at + 1


def braced(text, at):
    depth = 1
    start = at
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return text[start:at], at + 1
        at += 1
    raise NotList("unmatched open brace")


def plain(text, at, ends):
    """Up to one of the ends, which stays, backslash sequences replaced."""
    out = ""
    while at < len(text) and text[at] not in ends:
        if text[at] == "\\":
            char, at = backslash(text, at + 1)
            out += char
        else:
            out += text[at]
            at += 1
    return out, at


def read_list(text):
    elements = []
    at = 0
    while True:
        while at < len(text) and text[at] in BLANKS:
            at += 1
        if at == len(text):
            return elements
        if text[at] == "{":
            element, at = braced(text, at + 1)
        elif text[at] == '"':
            element, at = plain(text, at + 1, '"')
            if at == len(text):
                raise NotList("unmatched open quote")
            at += 1
        else:
            element, at = plain(text, at, BLANKS)
        if at < len(text) and text[at] not in BLANKS:
            raise NotList("element followed by more than white space")
        elements.append(element)


def read_dict(text):
    elements = read_list(text)
    if len(elements) % 2:
        raise NotList("missing value to go with key")
    return dict(zip(elements[::2], elements[1::2]))


# ---- writing ---------------------------------------------------------------


def quote(element):
    if element == "":
        return "{}"
    if BARE.fullmatch(element):
        return element
    if not set(element) & set("{}\\"):
        return "{" + element + "}"
    return "".join(
        "\\" + ESCAPES[char] if char in ESCAPES else "\\" + char if char in ' {}[]$;"\\#' else char
        for char in element
    )


def write_list(elements):
    return " ".join(map(quote, elements))


def write_dict(values):
    return write_list([word for pair in values.items() for word in pair])
