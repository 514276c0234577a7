"""Questions to ClickHouse over plain HTTP, read-only, as the command line asks them."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

from infra.cli.output import CommandError, Exit

_TIMEOUT_SECONDS = 15
VARIABLE = "SKUSTREAM_CLICKHOUSE_READ"


def rows(query: str, **parameters: str) -> list[dict[str, Any]]:
    """The rows of a query with `{name:String}` parameters; CommandError UNREACHABLE or FAILURE in words."""
    import httpx

    url = urlsplit(os.environ.get(VARIABLE) or _of_running_stack())
    try:
        answer = httpx.post(
            f"{url.scheme}://{url.hostname}:{url.port}/", content=f"{query} FORMAT JSONEachRow", trust_env=False,
            params={
                "database": url.path.strip("/"), "output_format_json_quote_64bit_integers": "0",
                **{f"param_{name}": value for name, value in parameters.items()},
            },
            headers={"X-ClickHouse-User": url.username or "default", "X-ClickHouse-Key": url.password or ""},
            timeout=_TIMEOUT_SECONDS,
        )  # fmt: skip
    except httpx.HTTPError as error:
        raise CommandError(
            Exit.UNREACHABLE, f"ClickHouse does not answer at {url.hostname}:{url.port}: {error}"
        ) from None
    if answer.is_error:
        raise CommandError(Exit.FAILURE, f"ClickHouse refused the query: {answer.text.strip()[:500]}")
    return [json.loads(line) for line in answer.text.splitlines()]


def _of_running_stack() -> str:
    from infra.cli.running import here, status_of

    return str(status_of(here(), Exit.UNREACHABLE)["environment"][VARIABLE])
