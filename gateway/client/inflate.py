"""Bodies that an upstream compresses although it was asked not to."""

import zlib

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # the header tells which (zlib manual, inflateInit2)
CODINGS = frozenset({"gzip", "x-gzip", "deflate"})  # RFC 9110 8.4.1


class Inflate:
    """Inflates piece by piece, never more at once than asked for: a bomb costs no more memory than any other body."""

    __slots__ = ("_inner", "pending")

    def __init__(self) -> None:
        """Begin a body."""
        self._inner = zlib.decompressobj(GZIP_OR_ZLIB)
        self.pending = False  # more may come out without more going in

    @property
    def over(self) -> bool:
        """Return whether the compressed body has come to its own end."""
        return self._inner.eof

    def take(self, buffer: bytearray, most: int) -> bytes:
        """Return at most so many bytes of what `buffer` holds, and leave there what is not needed yet.

        Raises zlib.error for what is no gzip or zlib.
        """
        piece = self._inner.decompress(bytes(buffer), most)
        buffer[:] = self._inner.unconsumed_tail
        self.pending = len(piece) == most
        return piece
