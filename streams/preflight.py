"""What must be true before a worker joins its group: a broker that answers, topics that exist, a folder of its own."""

import fcntl
import logging
import time
from pathlib import Path
from typing import IO, Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.app import group_of
from streams.runtime import Unit
from streams.runtime.deadletters import topic_of
from streams.runtime.errors import Exit, Stop
from streams.runtime.producer import client
from streams.runtime.settings import Settings
from streams.runtime.takeover import changelog_of

log = logging.getLogger(__name__)
PATIENCE = 5.0
"""Seconds: a broker answers for topics a moment after they were made, and does not know them yet."""
CHANGELOG = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "delete.retention.ms": "86400000"}


def own_folder(settings: Settings, unit: Unit) -> IO[str]:
    """Lock the worker's state folder until the process ends. Raises Stop if another worker uses it."""
    folder = settings.state / unit.name
    folder.mkdir(parents=True, exist_ok=True)
    handle = Path(folder / "lock").open("w")  # noqa: SIM115 - held for the life of the process
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Stop(Exit.CONFIG, f"another worker uses {folder}: every worker needs its own SKUSTREAM_STATE") from error
    return handle


def check_topics(settings: Settings, unit: Unit) -> None:
    """Raises Stop that names every topic that is missing or has the wrong number of partitions.

    The changelogs are the worker's own and are made here; all other topics are made before any worker starts.
    """
    admin = AdminClient(client(settings))
    changelogs = [changelog_of(group_of(unit.name), table.name) for table in unit.tables]
    deadline = time.monotonic() + PATIENCE
    while True:
        found = _topics(admin, settings)
        wrong = _wrong(unit, changelogs, {name: len(topic.partitions) for name, topic in found.items()})
        if not wrong:
            break
        if time.monotonic() > deadline:
            raise Stop(Exit.CONFIG, f"topics are not as agent {unit.name} needs them: {'; '.join(wrong)}")
        time.sleep(0.2)
    new = [NewTopic(name, unit.partitions, config=CHANGELOG) for name in changelogs if name not in found]
    for name, future in (admin.create_topics(new) if new else {}).items():
        try:
            future.result()
            log.info("made changelog topic %s", name)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise Stop(Exit.UNAVAILABLE, f"cannot make topic {name}: {error}") from error


def _topics(admin: AdminClient, settings: Settings) -> dict[str, Any]:
    try:
        found: dict[str, Any] = admin.list_topics(timeout=15).topics
    except KafkaException as error:
        raise Stop(Exit.UNAVAILABLE, f"no broker answers at {settings.brokers}: {error}") from error
    return found


def _wrong(unit: Unit, changelogs: list[str], found: dict[str, int]) -> list[str]:
    needed = {*unit.inputs, *unit.outputs, *(topic_of(each) for each in unit.inputs)}
    wrong = [f"{name} is missing" for name in sorted(needed - found.keys())]
    fixed = {name: found[name] for name in (*unit.inputs, *changelogs) if name in found}
    uneven = {name: count for name, count in fixed.items() if count != unit.partitions}
    return wrong + [f"{name} has {count} partitions instead of {unit.partitions}" for name, count in uneven.items()]
