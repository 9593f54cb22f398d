"""The encoding of a text file and its bytes as UTF-8, in blocks of bounded size.

UTF-8 and UTF-16 with or without BOM, GB18030. UTF-8 is proved by reading all of the file. What is
not UTF-8 is read strictly as GB18030 while its rows are parsed, so that it is decoded once. A file
that is mostly UTF-8 with a few damaged bytes is not taken for GB18030 (which would read them
without complaint as other characters).
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipelines.intake.errors import Refusal
from pipelines.intake.limits import DEFAULT, Limits

BLOCK = 4 << 20
UTF16_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_HEAD = 1 << 16
_DAMAGED_SHARE = 0.02
#: lead bytes of characters of three and four bytes, as nearly all Chinese is written in UTF-8
_NOT_LEAD = bytes(range(0xE0))
_REPLACED = "\ufffd".encode()


@dataclass(frozen=True)
class TextFile:
    """How to read a text file: its codec, what to do with damaged bytes, whether it has quotes."""

    path: Path
    compressed: bool
    codec: str
    errors: str
    has_quotes: bool
    damaged: int = 0
    limits: Limits = DEFAULT

    def open_bytes(self) -> IO[bytes]:
        """The bytes as they are, decompressed."""
        return open_bytes(self.path, self.compressed, self.limits)

    def open_utf8(self) -> IO[bytes]:
        """The text as UTF-8 bytes without BOM. Reading raises Refusal where the codec fails."""
        stream = self.open_bytes()
        if self.errors == "strict" and self.codec in ("utf-8", "utf-8-sig"):
            if self.codec == "utf-8-sig":
                stream.read(len(codecs.BOM_UTF8))
            return stream
        return io.BufferedReader(Transcoded(stream, self.codec, self.errors), BLOCK)


class Transcoded(io.RawIOBase):
    """Bytes of some codec read as UTF-8."""

    def __init__(self, stream: IO[bytes], codec: str, errors: str) -> None:
        super().__init__()
        self._stream = stream
        self._bom = codec in UTF16_BOMS.values()
        self._decoder = codecs.getincrementaldecoder(codec)(errors)
        self._left = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._left and not self._ended:
            block = self._stream.read(BLOCK)
            self._ended = not block
            try:
                text = self._decoder.decode(block, final=self._ended)
            except UnicodeDecodeError:
                raise _unknown() from None
            if self._bom and text:
                text, self._bom = text.removeprefix("\ufeff"), False
            self._left = memoryview(text.encode(errors="replace"))
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """What a gzip file holds. Raises Refusal where it is broken or far larger than it may be."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__()
        self._stream = gzip.GzipFile(path, "rb")
        self._packed, self._limits, self._read = path.stat().st_size, limits, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            block = self._stream.read(len(view))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise Refusal("not a complete gzip file: have it sent again") from None
        self._read += len(block)
        self._limits.check_unpacked(self._packed, self._read)
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_bytes(path: Path, compressed: bool, limits: Limits = DEFAULT) -> IO[bytes]:
    if not compressed:
        return path.open("rb")
    return io.BufferedReader(_Unpacked(path, limits), 1 << 18)


def detect(path: Path, compressed: bool, limits: Limits = DEFAULT) -> TextFile:
    """Find the encoding. Raises Refusal where no known encoding reads the file."""
    with open_bytes(path, compressed, limits) as stream:
        head = stream.read(_HEAD)
    for bom, codec in UTF16_BOMS.items():
        if head.startswith(bom):
            return TextFile(path, compressed, codec, "strict", True, limits=limits)
    if (unmarked := _utf16_without_bom(head)) is not None:
        return TextFile(path, compressed, unmarked, "strict", True, limits=limits)
    codec = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    quotes, sound = _read_through(path, compressed, codec, limits)
    if not sound:
        damaged = _damaged_utf8(path, compressed, limits)
        if damaged is not None:
            return TextFile(path, compressed, codec, "replace", quotes, damaged, limits)
        if codec == "utf-8-sig":
            raise _unknown()
        # 0x22 is never a later byte of a GB18030 character: quotes are seen in the bytes
        codec = "gb18030"
    return TextFile(path, compressed, codec, "strict", quotes, limits=limits)


def _unknown() -> Refusal:
    return Refusal("neither UTF-8, UTF-16 nor GB18030 from beginning to end: have it sent again")


def _utf16_without_bom(head: bytes) -> str | None:
    """UTF-16 shows by its separators and line ends: a NUL on one side of each, never both."""
    sample = head[: len(head) // 2 * 2]
    if b"\0" not in head:
        return None
    marks = (b",", b"\t", b"\n", b"\r")
    little = sum(sample[at : at + 2] in {m + b"\0" for m in marks}
                 for at in range(0, len(sample), 2))  # fmt: skip
    big = sum(sample[at : at + 2] in {b"\0" + m for m in marks}
              for at in range(0, len(sample), 2))  # fmt: skip
    nuls = (sample[1::2].count(0), sample[0::2].count(0))
    if little and not big and nuls[0] > 4 * nuls[1] and nuls[0] >= little:
        return "utf-16-le"
    if big and not little and nuls[1] > 4 * nuls[0]:
        return "utf-16-be"
    return None


def _read_through(path: Path, compressed: bool, codec: str, limits: Limits) -> tuple[bool, bool]:
    """Whether there is a quotation mark anywhere, and whether all of the file decodes."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    quotes, sound = False, True
    with open_bytes(path, compressed, limits) as stream:
        while True:
            block = stream.read(BLOCK)
            quotes = quotes or b'"' in block
            if sound:
                try:
                    decoder.decode(block, final=not block)
                except UnicodeDecodeError:
                    sound = False
            if not block or (quotes and not sound):
                return quotes, sound


def _damaged_utf8(path: Path, compressed: bool, limits: Limits) -> int | None:
    """How many characters of a UTF-8 file are damaged; None where they are too many to be that."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    damaged = others = 0
    with open_bytes(path, compressed, limits) as stream:
        while True:
            block = stream.read(BLOCK)
            damaged += decoder.decode(block, final=not block).count("\ufffd")
            # characters that were damaged before the file was written are no damage of this one
            damaged -= block.count(_REPLACED)
            others += len(block.translate(None, _NOT_LEAD))
            if not block:
                break
            if damaged > 50 + others * _DAMAGED_SHARE:
                return None
    return max(damaged, 0) if damaged <= others * _DAMAGED_SHARE else None
