"""Spoiling good inputs: bytes, text, JSON and words, by a generator's choice."""

import json
import random
from typing import Any

NUMBERS = [
    0, 1, -1, 2, 3, 7, 255, 256, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30,
    10**400, 0.0, -0.0, 0.5, -0.5, 1e-300, 1e308, float("inf"), float("-inf"), float("nan"),
]  # fmt: skip
TEXTS = [
    "", " ", "a", "x" * 300, "\x00", "é", "\ud800", "../../etc/passwd", "/etc/passwd", "conv.weight", "0",
    "-1", "nan", "true", "None", "{}", "[]", "__class__", "random", "image", "a.b", "a..b", ".",
    "🧬", "1e9", "\n",
]  # fmt: skip
WORDS = [
    "--budget", "--seed", "--json", "--quiet", "-o", "--", "-h", "--help", "0", "-1", "1e9", "nan", "''", "",
    "--genome", "amoeba", "genet", "graph", "x" * 5000, "../..", "/", "--workers", "auto", "cuda:7", "--keep",
    "9" * 400, "--timeout", "1d", "--max-time", "∞", "\ud83e", "--config", "--operators", "/dev/null",
    "--what", "--id", "--devices", "all", "--strategy", "--population", "--what=network", "--budget=x",
    "evolve", "show",
]  # fmt: skip
MAGIC = [
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff" * 8,
    b"(0,)",
    b"PK\x03\x04",
    b"{",
    b"}" * 20,
    b"O8",
    b"9999999",
]


def spoilt(content: bytes, form: str, rng: random.Random) -> bytes:
    """A spoilt copy of a good input.

    Args:
        content: The good one.
        form: ``json``, ``text``, ``bytes`` or ``words``.
        rng: Decides how.
    """
    if form == "json" and rng.random() < 0.9:
        data = json.loads(content)
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            data = _changed(data, rng)
        try:
            return json.dumps(data).encode()
        except ValueError:
            return content
    if form == "words":
        return _spoilt_words(content, rng)
    if form == "text" and rng.random() < 0.6:
        return _spoilt_text(content, rng)
    return _spoilt_bytes(content, rng)


def _changed(data: Any, rng: random.Random) -> Any:
    """JSON with one change, somewhere."""
    if isinstance(data, dict) and data and rng.random() < 0.85:
        key = rng.choice(list(data))
        if (chance := rng.random()) < 0.08:
            return {other: value for other, value in data.items() if other != key}
        if chance < 0.14:
            return {**data, rng.choice([*TEXTS, *data]): data[key]}
        return {**data, key: _changed(data[key], rng)}
    if isinstance(data, list) and data and rng.random() < 0.85:
        place = rng.randrange(len(data))
        if (chance := rng.random()) < 0.08:
            return data[:place] + data[place + 1 :]
        if chance < 0.14:
            return data[:place] + [data[place]] * rng.choice((2, 3, 50)) + data[place:]
        if chance < 0.18:
            return rng.sample(data, len(data))
        return [*data[:place], _changed(data[place], rng), *data[place + 1 :]]
    return _value(rng)


def _value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(NUMBERS)
    if kind < 0.7:
        return rng.choice(TEXTS)
    if kind < 0.8 or depth > 3:
        return rng.choice([None, True, False, [], {}])
    if kind < 0.83:
        deep: Any = 1
        for _ in range(rng.choice((10, 300))):
            deep = [deep] if rng.random() < 0.7 else {"a": deep}
        return deep
    if kind < 0.92:
        return [_value(rng, depth + 1) for _ in range(rng.choice((1, 2, 3, 40)))]
    return {rng.choice(TEXTS): _value(rng, depth + 1) for _ in range(rng.randrange(4))}


def _spoilt_text(content: bytes, rng: random.Random) -> bytes:
    """A number in a text changed, or a piece of it taken out, doubled or put in."""
    text = content.decode(errors="replace")
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(text) + 1)
        end = min(len(text), place + rng.choice((1, 1, 2, 5, 20)))
        new = rng.choice(["", text[place:end] * 2, str(rng.choice(NUMBERS)), rng.choice(TEXTS)])
        text = text[:place] + new + text[end:]
    return text.encode(errors="replace")


def _spoilt_words(content: bytes, rng: random.Random) -> bytes:
    words = content.decode().split(" ")
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(words) + 1)
        words[place : place + rng.choice((0, 0, 1, 1, 2))] = [rng.choice(WORDS)] * rng.choice((0, 1, 1, 1, 2))
    return " ".join(words).encode(errors="replace")


def _spoilt_bytes(content: bytes, rng: random.Random) -> bytes:
    spoiled = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(spoiled) + 1)
        chance = rng.random()
        if chance < 0.5 and place < len(spoiled):
            spoiled[place] ^= 1 << rng.randrange(8)
        elif chance < 0.65:
            spoiled[place : place + rng.randrange(1, 9)] = rng.choice(MAGIC)
        elif chance < 0.75:
            del spoiled[place : place + rng.choice((1, 4, 100))]
        elif chance < 0.85:
            spoiled[place:place] = rng.randbytes(rng.choice((1, 4, 100)))
        elif chance < 0.9:
            del spoiled[place:]
        elif place < len(spoiled):
            spoiled[place] = rng.randrange(256)
    return bytes(spoiled)
