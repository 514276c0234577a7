"""What a stack remembers between `down` and `up`: ports and passwords, in state.json, which only its owner can read."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

SECRETS = ("clickhouse_write", "clickhouse_read", "tryton", "postgres")


@dataclass
class State:
    """Ports by "part.port" and secrets by name."""

    path: Path
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path) -> "State":
        """Read the state of a home folder; a new home gets new secrets. Raises ValueError when the file is damaged."""
        path = home / "state.json"
        found = json.loads(path.read_text()) if path.exists() else {}
        kept = {str(name): str(value) for name, value in found.get("secrets", {}).items()}
        return cls(
            path=path,
            ports={str(name): int(port) for name, port in found.get("ports", {}).items()},
            secrets={name: kept.get(name) or secrets.token_hex(16) for name in SECRETS},
        )

    def save(self) -> None:
        """Write the file in one step, so that a crash leaves the old or the new one."""
        draft = self.path.with_suffix(".tmp")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"ports": self.ports, "secrets": self.secrets}, file, indent=1, sort_keys=True)
        draft.replace(self.path)
