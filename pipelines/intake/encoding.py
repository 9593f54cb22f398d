"""The encoding of a text file, by strict decoding of all of it, and its bytes as UTF-8.

UTF-8 with or without BOM, UTF-16 with BOM, GB18030. A file that is mostly UTF-8 with a few damaged
bytes is not taken for GB18030 (which would read them without complaint as other characters).
"""

from __future__ import annotations

import codecs
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipelines.intake.errors import Refusal

BLOCK = 4 << 20
_DAMAGED_SHARE = 0.02


@dataclass(frozen=True)
class TextFile:
    """How to read a text file: its codec, what to do with damaged bytes, whether it has quotes."""

    path: Path
    compressed: bool
    codec: str
    errors: str
    has_quotes: bool
    damaged: int = 0

    def open_bytes(self) -> IO[bytes]:
        """The bytes as they are, decompressed."""
        return open_bytes(self.path, self.compressed)

    def open_utf8(self) -> IO[bytes]:
        """The text as UTF-8 bytes without BOM, in blocks of bounded size."""
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
            self._left = memoryview(self._decoder.decode(block, final=self._ended).encode())
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_bytes(path: Path, compressed: bool) -> IO[bytes]:
    return gzip.open(path, "rb") if compressed else path.open("rb")  # type: ignore[return-value]


def detect(path: Path, compressed: bool) -> TextFile:
    """Find the encoding. Raises Refusal where no known encoding reads the file."""
    try:
        with open_bytes(path, compressed) as stream:
            start = stream.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return _as(path, compressed, "utf-16") or _refuse()
        codec = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
        found = _as(path, compressed, codec)
        if found is None and (damaged := _damaged_utf8(path, compressed, codec)) is not None:
            return damaged
        return found or _as(path, compressed, "gb18030") or _refuse()
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        if compressed and not isinstance(error, (PermissionError, FileNotFoundError)):
            raise Refusal("not a complete gzip file: have it sent again") from None
        raise


def _refuse() -> TextFile:
    raise Refusal("neither UTF-8, UTF-16 nor GB18030 from beginning to end: have it sent again")


def _as(path: Path, compressed: bool, codec: str) -> TextFile | None:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    quotes = False
    with open_bytes(path, compressed) as stream:
        while True:
            block = stream.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                return None
            quotes = quotes or '"' in text
            if not block:
                return TextFile(path, compressed, codec, "strict", quotes)


def _damaged_utf8(path: Path, compressed: bool, codec: str) -> TextFile | None:
    """UTF-8 with so few damaged bytes that it cannot be anything else; else None."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    damaged = others = 0
    quotes = False
    with open_bytes(path, compressed) as stream:
        while True:
            block = stream.read(BLOCK)
            text = decoder.decode(block, final=not block)
            quotes = quotes or '"' in text
            damaged += text.count("\ufffd")
            others += sum(1 for byte in block if byte >= 0xE0)
            if not block:
                break
            if damaged > 50 + others * _DAMAGED_SHARE:
                return None
    if damaged > others * _DAMAGED_SHARE:
        return None
    return TextFile(path, compressed, codec, "replace", quotes, damaged)
