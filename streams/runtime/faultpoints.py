"""Named points where a test may break in; in production nothing is installed and a point costs one comparison."""

from collections.abc import Callable
from typing import Any

hook: Callable[[str, Any], None] | None = None
"""Called with the point's name and what is in hand there. Only tests set it."""

POINTS = ("taken", "handled", "produced", "offsets", "before-commit", "after-commit", "stored", "claimed", "caught-up")
