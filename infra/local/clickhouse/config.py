"""The engine's two configuration files: server settings with the memory ceiling, and the one user's rights."""

from pathlib import Path

_SERVER = """<clickhouse>
  <users_config>{users}</users_config>
  <timezone>UTC</timezone>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <user_files_path>{files}/</user_files_path>
</clickhouse>
"""

# No right on FILE, URL, REMOTE, S3 and the other sources: a query must not read or write outside of the tables.
_USERS = """<clickhouse>
  <profiles><default><max_memory_usage>{memory}</max_memory_usage></default></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, CHECK, SHOW ON *.*</query>
        <query>GRANT KILL QUERY, SYSTEM, dictGet ON *.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
      </grants>
    </default>
  </users>
</clickhouse>
"""


def write_config(folder: Path, memory_bytes: int) -> Path:
    """Write both files below `folder` and return the path of the server's one.

    `memory_bytes` bounds the whole engine; a single query may take three quarters of it.
    """
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    users = folder / "users.xml"
    users.write_text(_USERS.format(memory=memory_bytes * 3 // 4))
    server = folder / "config.xml"
    server.write_text(_SERVER.format(users=users, memory=memory_bytes, files=files))
    return server
