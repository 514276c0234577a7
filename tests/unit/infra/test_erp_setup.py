"""The ERP's configuration files."""

from pathlib import Path

from infra.debezium.connector import connector_config
from infra.local.tryton import server


def test_the_connector_gets_its_database_with_a_password_of_any_letters() -> None:
    config = connector_config("tryton", "postgresql://post%40gres:p%2Fw@127.0.0.1:15432/tryton")
    assert config["database.user"] == "post@gres"
    assert config["database.password"] == "p/w"
    assert (config["database.hostname"], config["database.port"], config["database.dbname"]) == (
        "127.0.0.1",
        "15432",
        "tryton",
    )
    assert not [value for value in config.values() if "${" in value]


def test_the_servers_configuration_is_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "tryton.conf"
    server.write_config(path, "postgresql://u:p@h:1", "127.0.0.1:2")
    assert path.stat().st_mode & 0o077 == 0
    assert "uri = postgresql://u:p@h:1/\n" in path.read_text()


def test_the_erps_address_holds_any_password() -> None:
    assert server.url("a/b@c", "127.0.0.1:1") == "http://admin:a%2Fb%40c@127.0.0.1:1/tryton"
