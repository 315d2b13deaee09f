"""Damage to files, by seed: of bytes, of text, and of what is compressed or has a checksum, which is packed again."""

import gzip
import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from random import Random
from typing import Any, TypeAlias

import tomli_w

Parts: TypeAlias = dict[str, bytes]

NUMBERS = [0, 1, 127, 255, 256, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**64 - 1]
TEXTS = [*map(str, NUMBERS), "9" * 5000, "-1", "0.5", "1e300", "3e38", "-1e400", "nan", "-inf", "1_0", "true"]
TEXTS += ["null", "[" * 5000, '{"a":' * 5000, "(" * 500, "a" * 5000, "\x1b[31m", "\0", "\r", "\n\n", "\u2028"]
TEXTS += ["é", '"', ",", "'", "=", "[[a]]", "\ufeff", "\u202e", " ", "#", "../", "\\u0000", "\\ud800", ""]
VALUES: list[Any] = [None, True, -1, 0, 1.5, 10**30, 10**9, 1e300, float("nan"), "", "a" * 5000, "\x1b[31m\n"]
VALUES += ["\ud800", "\0", [], {}, [0], [[[[]]]], {"type": "Dense"}, {"a": 1}, [None, "a"], 2**63, [2**40, 1]]
TEXT_FILES = (".csv", ".json", ".jsonl", ".toml", ".txt")


def mutate(name: str, content: bytes, rng: Random) -> bytes:
    """Damage the content of a file, whose suffix shows its kind."""
    suffix = PurePath(name).suffix
    if suffix in CODECS and rng.random() < 0.7:
        unpack, pack = CODECS[suffix]
        parts = unpack(content)
        part = rng.choice([*parts])
        return pack(parts | {part: mutate(part, parts[part], rng)})
    if suffix in (".json", ".toml") and rng.random() < 0.7:
        loads, dumps = (json.loads, json.dumps) if suffix == ".json" else (tomllib.loads, tomli_w.dumps)
        with suppress(Exception):  # e.g. a value that TOML does not have
            return dumps(mutate_value(loads(content.decode()), rng)).encode()
    change = mutate_text if suffix in TEXT_FILES and rng.random() < 0.8 else mutate_bytes
    for _ in range(rng.randint(1, 3)):
        content = change(content, rng)
    return content


def mutate_bytes(content: bytes, rng: Random) -> bytes:
    """Flip a bit, or cut, remove, repeat, reverse, overwrite or insert bytes."""
    first, last = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    last = rng.choice([last, min(last, first + 16)])
    block, rest = content[first:last], content[last:]
    number = rng.choice(NUMBERS).to_bytes(8, "big")[-rng.choice([1, 2, 4, 8]) :]
    number = rng.choice([number, number[::-1]])
    flipped = bytes([block[0] ^ 1 << rng.randrange(8)]) + block[1:] if block else b""
    overwritten = number + content[first + len(number) :]
    changes = [flipped + rest, flipped + rest, b"", rest, 2 * block + rest, block[::-1] + rest, overwritten]
    return content[:first] + rng.choice([*changes, number + block + rest])


def mutate_text(content: bytes, rng: Random) -> bytes:
    """Put a hostile text into a line or in place of a word, or repeat or remove a line."""
    lines = content.decode("utf-8", "surrogateescape").splitlines(keepends=True) or [""]
    line = rng.randrange(len(lines))
    text, place, mark = rng.choice(TEXTS), rng.randrange(len(lines[line]) + 1), rng.choice(', ":=')
    words = lines[line].split(mark)
    words[rng.randrange(len(words))] = text
    inserted = lines[line][:place] + text + lines[line][place:]
    lines[line] = rng.choice(
        [inserted, mark.join(words), mark.join(words), lines[line] * rng.choice([0, 2, 50])]
    )
    return "".join(lines).encode("utf-8", "surrogateescape")


def mutate_value(value: Any, rng: Random) -> Any:
    """Replace, remove, rename or repeat a value somewhere in what JSON holds."""
    if not (isinstance(value, dict | list) and value and rng.random() < 0.9):
        return rng.choice(VALUES)
    key = rng.choice([*value]) if isinstance(value, dict) else rng.randrange(len(value))
    match rng.randrange(8):
        case 0:
            del value[key]
        case 1:
            if isinstance(value, dict):
                value[rng.choice(TEXTS)] = value.pop(key)
            else:
                value *= rng.choice([2, 1000])
        case _:
            value[key] = mutate_value(value[key], rng)
    return value


def _unzip(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(parts: Parts) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def _split_safetensors(content: bytes) -> Parts:
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    metadata = {f"{name}.json": text.encode() for name, text in header.pop("__metadata__").items()}
    return {**metadata, "": json.dumps(header).encode(), "data": content[end:]}


def _join_safetensors(parts: Parts) -> bytes:
    metadata = {
        name[:-5]: text.decode("utf-8", "replace") for name, text in parts.items() if name[-5:] == ".json"
    }
    header = b'{"__metadata__":' + json.dumps(metadata).encode() + b"," + parts[""][1:]
    return len(header).to_bytes(8, "little") + header + parts["data"]


def _split_png(content: bytes) -> Parts:
    parts, place = {}, 8
    while place < len(content):
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        parts[str(place)] = content[place + 4 : end]
        place = end + 4
    return parts


def _join_png(parts: Parts) -> bytes:
    sums = (
        len(part[4:]).to_bytes(4, "big") + part + zlib.crc32(part).to_bytes(4, "big")
        for part in parts.values()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(sums)


CODECS: dict[str, tuple[Callable[[bytes], Parts], Callable[[Parts], bytes]]] = {
    ".gz": (lambda content: {"": gzip.decompress(content)}, lambda parts: gzip.compress(parts[""])),
    ".npz": (_unzip, _zip),
    ".png": (_split_png, _join_png),
    ".safetensors": (_split_safetensors, _join_safetensors),
}
"""How to unpack a file into named parts, and to pack them again with the lengths and checksums of the new parts."""
