"""Content encodings of ClickHouse's HTTP interface, as streams: zstd, lz4 frames, gzip, deflate."""

import sys
import zlib
from typing import Protocol

import lz4.frame  # type: ignore[import-untyped]

from infra.local.clickhouse.errors import CANNOT_DECOMPRESS, UNKNOWN_COMPRESSION_METHOD, EngineError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# the order of preference: the cheapest for the processor first, since this serves one machine
OFFERED = ("lz4", "zstd", "gzip", "deflate")


class Compressor(Protocol):
    """Compresses a stream of chunks."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a chunk; may give nothing yet."""
        ...

    def flush(self) -> bytes:
        """End the stream."""
        ...


class Decompressor:
    """Undoes one content encoding chunk by chunk; raises EngineError for damaged, cut or unknown input.

    A body may be several frames one after another: clickhouse-connect sends one for each block.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._frame: _Frame | None = _frame(encoding)
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """The plain bytes that `data` gives."""
        plain = bytearray()
        try:
            while data:
                if self._frame is None:
                    self._frame = _frame(self._encoding)
                self._begun = True
                plain += self._frame.decompress(data)
                data = b""
                if self._frame.eof:
                    data, self._frame = self._frame.unused_data or b"", None
        except (zlib.error, RuntimeError, EOFError, zstd.ZstdError) as error:
            raise EngineError(CANNOT_DECOMPRESS, f"Cannot decompress the request body: {error}") from None
        return bytes(plain)

    def end(self) -> None:
        """Say that no more comes; a frame that is not complete is an error, never a shorter body."""
        if self._begun and self._frame is not None:
            raise EngineError(CANNOT_DECOMPRESS, "Cannot decompress the request body: it ends within a frame")


class _Frame(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Lz4Compressor:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._head = bytes(self._frame.begin())

    def compress(self, data: bytes, /) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._frame.flush())


def _frame(encoding: str) -> _Frame:
    match encoding:
        case "zstd":
            return zstd.ZstdDecompressor()
        case "lz4":
            frame: _Frame = lz4.frame.LZ4FrameDecompressor()
            return frame
        case "gzip" | "x-gzip":
            return zlib.decompressobj(wbits=31)
        case "deflate":
            return zlib.decompressobj()
        case _:
            raise EngineError(UNKNOWN_COMPRESSION_METHOD, f"Unknown compression method: {encoding}")


def compressor(encoding: str) -> Compressor:
    """A compressor for one of OFFERED, set for speed."""
    match encoding:
        case "zstd":
            return zstd.ZstdCompressor(level=1)
        case "lz4":
            return _Lz4Compressor()
        case "gzip":
            return zlib.compressobj(level=3, wbits=31)
        case _:
            return zlib.compressobj(level=3)


def choose(accept_encoding: str) -> str | None:
    """The encoding to answer with, or None for plain bytes."""
    asked = {part.split(";")[0].strip().lower() for part in accept_encoding.split(",")}
    return next((name for name in OFFERED if name in asked), None)
