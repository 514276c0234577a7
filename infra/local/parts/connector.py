"""The change data capture of the ERP: Debezium's connector, created or updated at every start and running."""

import time

from typing_extensions import override

from infra.local.errors import PartError
from infra.local.parts.contract import Part, Site
from infra.local.parts.postgres import uri

NAME = "tryton"
_DEADLINE_SECONDS = 60.0
_POLL_SECONDS = 0.1


class Connector(Part):
    """Its own configuration is infra/debezium/tryton.json; ports and passwords come from this stack."""

    name = "connector"
    depends_on = ("connect", "tryton", "topics")

    @override
    def set_up(self, site: Site) -> None:
        import httpx

        from infra.debezium.connector import ConnectorError, connector_config, connector_is_running, put_connector

        connect = f"http://127.0.0.1:{site.port('connect')}"
        deadline = time.monotonic() + _DEADLINE_SECONDS
        waiting_for = "it does not run yet"
        try:
            put_connector(connect, NAME, connector_config("tryton", uri(site, "tryton")))
        except (ConnectorError, httpx.HTTPError) as error:
            raise PartError(f"Kafka Connect did not take the connector: {error}") from error
        while time.monotonic() < deadline:
            try:
                if connector_is_running(connect, NAME):
                    return
            except ConnectorError as error:
                # a connector of an earlier start shows its old failure until it has taken the new configuration
                waiting_for = str(error)
            except httpx.HTTPError as error:
                waiting_for = str(error)
            time.sleep(_POLL_SECONDS)
        raise PartError(f"the connector did not run within {_DEADLINE_SECONDS:.0f} s: {waiting_for}")
