"""PyAirbyte with a DuckDB file behind it.

PyAirbyte reads the environment when it is imported, so `__main__` sets that first.
"""

import io
import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

import duckdb
from sqlalchemy import text
from sqlalchemy.types import JSON, VARCHAR, TypeEngine

with warnings.catch_warnings():
    # Parts of PyAirbyte that are not used here warn about versions of Python.
    warnings.simplefilter("ignore")
    import airbyte
    from airbyte import logs
    from airbyte._processors.sql.duckdb import DuckDBSqlProcessor
    from airbyte.caches import DuckDBCache
    from airbyte.shared.sql_processor import SqlProcessorBase
    from airbyte.types import SQLTypeConverter

EXECUTABLE = Path(sys.executable).parent / "source-bigcommerce"


class Warehouse:
    """A DuckDB file and the connector that fills it.

    Takes the connector's configuration, the file (created if missing; its rows and the state of the
    last sync are kept), a folder for temporary files, and the streams (default: all).
    Raises ValueError for a stream that does not exist.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        path: Path,
        folder: Path,
        streams: Sequence[str] = (),
    ) -> None:
        self.path = path
        self._cache_dir = folder / "cache"
        with redirect_stderr(io.StringIO()):  # it prints the paths of log files
            logs.get_global_file_logger()
            logs.get_global_stats_logger()
            self._source = airbyte.get_source(
                "source-bigcommerce",
                local_executable=EXECUTABLE,
                install_if_missing=False,
                config=dict(config),
            )
        known = self._source.get_available_streams()
        if unknown := set(streams) - set(known):
            raise ValueError(f"No stream {', '.join(unknown)}. There are: {', '.join(known)}.")
        self._source.select_streams(list(streams) or "*")
        # Our table shows which streams are incremental.
        setattr(self._source, "_log_incremental_streams", lambda **_: None)  # noqa: B010

    @property
    def modes(self) -> dict[str, str]:
        """The sync mode of each stream."""
        return {
            each.stream.name: "incremental" if each.cursor_field else "full refresh"
            for each in self._source.configured_catalog.streams
        }

    def sync(self) -> dict[str, int]:
        """Reads what is new since the last sync, with PyAirbyte's progress on the screen.

        Returns the number of rows read, by stream. Raises what PyAirbyte raises; then the file
        holds nothing of the sync.
        """
        started = datetime.now(timezone.utc).replace(tzinfo=None)
        with (
            DuckDB(db_path=self.path, cache_dir=self._cache_dir) as cache,
            redirect_stdout(io.StringIO()),  # the progress says the same
        ):
            self._source.read(cache=cache)
        return self._counts("_airbyte_extracted_at >= ?", [started])

    def rows(self) -> dict[str, int]:
        """The number of rows in each table."""
        return self._counts("true", [])

    def ask(self, sql: str, values: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns of a query, and its rows."""
        with duckdb.connect(str(self.path)) as connection:
            cursor = connection.execute(sql, list(values))
            return [column[0] for column in cursor.description or []], cursor.fetchall()

    def ids(self, sql: str) -> list[int]:
        """The first column of a query."""
        return [row[0] for row in self.ask(sql)[1]]

    def _counts(self, condition: str, values: Sequence[Any]) -> dict[str, int]:
        return {
            stream: self.ask(f"SELECT count(*) FROM {stream} WHERE {condition}", values)[1][0][0]
            for stream in self.modes
        }


def check(config_path: Path) -> tuple[bool, str]:
    """Whether the connector can read the store, and its message."""
    command = [str(EXECUTABLE), "check", "--config", str(config_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for message in _messages(output.splitlines()):
        if message.get("type") == "CONNECTION_STATUS":
            status = message["connectionStatus"]
            return status["status"] == "SUCCEEDED", status.get("message") or ""
    return False, "The connector ended without an answer."


def _messages(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        if line.startswith("{"):
            yield json.loads(line)


class _Types(SQLTypeConverter):
    """Makes fields of several JSON types JSON columns if one may hold a list or object, else text.

    PyAirbyte makes text of all of them, and prints each one's whole schema again and again.
    """

    def to_sql_type(self, json_schema_property_def: dict[str, Any]) -> TypeEngine[Any]:
        types = set(json_schema_property_def.get("type") or ()) - {"null"}
        if isinstance(json_schema_property_def.get("type"), list) and len(types) > 1:
            return JSON() if types & {"object", "array"} else VARCHAR()
        return super().to_sql_type(json_schema_property_def)


class _Loader(DuckDBSqlProcessor):
    """Keeps one row for each primary key, and removes rows that a full refresh did not bring."""

    type_converter_class = _Types

    def _write_files_to_new_table(self, files: list[Path], stream_name: str, batch_id: str) -> str:
        # A row edited during a sync arrives twice in it. PyAirbyte merges new rows with old ones,
        # but not new rows with each other.
        table = super()._write_files_to_new_table(files, stream_name, batch_id)
        keys = ", ".join(self.catalog_provider.get_primary_keys(stream_name))
        if not keys:  # one object, such as the store's settings
            return table
        newest = ", ".join(f"{key} DESC" for key in (*self._cursor(stream_name), "rowid"))
        self._execute_sql(
            f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} QUALIFY "
            f"row_number() OVER (PARTITION BY {keys} ORDER BY {newest}) > 1)"
        )
        return table

    def _merge_temp_table_to_final_table(
        self, stream_name: str, temp_table_name: str, final_table_name: str
    ) -> None:
        merge = super()._merge_temp_table_to_final_table
        swap = self._swap_temp_table_with_final_table
        write = merge if self._cursor(stream_name) else swap
        write(stream_name, temp_table_name, final_table_name)

    def _ensure_compatible_table_schema(self, stream_name: str, table_name: str) -> None:
        # PyAirbyte's own method asks for indices, keys and comments, too: that takes longer than
        # the loading.
        names = "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
        with self.get_sql_connection() as connection:
            known = set(connection.execute(text(names), {"table": table_name}).scalars())
        if not known.issuperset(self._get_sql_column_definitions(stream_name)):
            super()._ensure_compatible_table_schema(stream_name, table_name)

    def _cursor(self, stream_name: str) -> list[str]:
        # PyAirbyte's get_cursor_key is declared to return one name, but returns a list.
        return list(
            self.catalog_provider.get_configured_stream_info(stream_name).cursor_field or ()
        )


class DuckDB(DuckDBCache):
    """PyAirbyte's DuckDB cache with the loader above; its progress shows the name of the class."""

    _sql_processor_class: ClassVar[type[SqlProcessorBase]] = _Loader
