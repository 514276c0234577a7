"""Errors of the engine as ClickHouse's HTTP interface reports them: a numeric code and an HTTP status."""

import re

_CODE = re.compile(r"Code: (\d+)\. ")

SYNTAX_ERROR = 62
NOT_IMPLEMENTED = 48
READONLY = 164
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
REQUIRED_PASSWORD = 194
CANNOT_DECOMPRESS = 271
QUERY_IS_TOO_LARGE = 591
UNKNOWN_COMPRESSION_METHOD = 89
UNKNOWN_EXCEPTION = 1002

# after exceptionCodeToHTTPStatus of the server; 164 and 497 are 500 there, which tells a client to try again
_STATUS = {
    **dict.fromkeys((164, 192, 193, 497, 512, 516), 403),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 81, 115), 404),
    **dict.fromkeys((6, 26, 27, 33, 36, 38, 41, 43, 53, 62, 69, 72, 89, 117, 130, 131, 271, 456, 457, 441), 400),
    159: 408,
    194: 401,
    591: 413,
    48: 501,
    202: 503,
    439: 503,
}


class EngineError(Exception):
    """A refusal by the engine or by the HTTP side of it, with ClickHouse's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse clients expect for this code."""
        return _STATUS.get(self.code, 500)

    @property
    def text(self) -> str:
        """The message in the shape a server prints: 'Code: N. DB::Exception: ...'."""
        if self.message.startswith("Code: "):
            return self.message
        return f"Code: {self.code}. DB::Exception: {self.message}"


def from_engine(message: str) -> EngineError:
    """Read code and text out of a chdb error message."""
    found = _CODE.search(message)
    if found is None:
        return EngineError(UNKNOWN_EXCEPTION, message.strip())
    return EngineError(int(found.group(1)), message[found.start() :].strip())
