"""``python -m connectors.kafka``: make the topics on the broker of SKUSTREAM_BROKERS."""

import os
import sys

from connectors.kafka.topics import apply_topics


def main() -> int:
    """Make or check every topic; 2 when the environment is incomplete."""
    brokers = os.environ.get("SKUSTREAM_BROKERS")
    if not brokers:
        sys.stderr.write("SKUSTREAM_BROKERS is not set; it is host:port of the Kafka broker\n")
        return 2
    done = apply_topics(brokers)
    sys.stdout.write(f"{len(done.created)} topics made, {len(done.kept)} were there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
