"""shops.json: which shops there are, with their secrets; read again when the file changes, for key rotation."""

from collections.abc import Mapping
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from connectors.platforms.contract import Shop
from connectors.platforms.registry import BY_NAME
from connectors.process import Incomplete

log = structlog.get_logger()


class ShopsInvalid(Incomplete):
    """shops.json is missing or wrong; the message says where."""


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    platform: str
    shop: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    secrets: list[str] = Field(min_length=1)
    url: str = Field(pattern=r"^https?://")
    token: str


_ENTRIES = TypeAdapter(list[_Entry])


def load_shops(path: Path) -> dict[tuple[str, str], Shop]:
    """The shops by (platform, shop). Raises ShopsInvalid; never quotes a secret."""
    try:
        entries = _ENTRIES.validate_json(path.read_bytes())
    except OSError as error:
        raise ShopsInvalid(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ShopsInvalid(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for entry in entries:
        if entry.platform not in BY_NAME:
            raise ShopsInvalid(f"{path}: no platform is called {entry.platform!r}; there are {', '.join(BY_NAME)}")
    shops = {
        (e.platform, e.shop): Shop(e.platform, e.shop, tuple(e.secrets), e.url.rstrip("/"), e.token) for e in entries
    }
    if len(shops) != len(entries):
        raise ShopsInvalid(f"{path}: a shop is listed twice")
    return shops


class Shops:
    """The shops of a file; ``refresh`` takes over a changed file and keeps the old shops if it is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stat()
        self._shops = load_shops(path)

    @property
    def by_name(self) -> Mapping[tuple[str, str], Shop]:
        """The shops in force by (platform, shop)."""
        return self._shops

    def refresh(self) -> bool:
        """Read the file again if it changed; True when shops were taken over."""
        stamp = self._stat()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._shops = load_shops(self._path)
        except ShopsInvalid as error:
            log.error("shops.json refused, the old shops stay in force", problem=str(error))
            return False
        log.info("shops.json taken over", shops=len(self._shops))
        return True

    def _stat(self) -> tuple[int, int]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_size)
