"""Which version of each order is durable already, so that the backfill tells only what no webhook told."""

from collections import OrderedDict

REMEMBERED = 100_000


class Seen:
    """The highest version told of each order, as far back as memory goes: the rest is told again, harmlessly."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._versions: OrderedDict[str, int] = OrderedDict()

    def is_new(self, order_key: str, version: int) -> bool:
        """Whether nothing as new was told of the order."""
        return self._versions.get(order_key, -1) < version

    def note(self, order_key: str, version: int) -> None:
        """Remember that a version is durable."""
        if not self.is_new(order_key, version):
            return
        self._versions[order_key] = version
        self._versions.move_to_end(order_key)
        if len(self._versions) > self._most:
            self._versions.popitem(last=False)
