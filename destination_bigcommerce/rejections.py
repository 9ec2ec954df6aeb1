"""Notes each order that was not sent in a line of the log, and in a file if one is named."""

import json
import logging
import os
import threading
from contextlib import suppress
from typing import Any

from destination_bigcommerce.messages import FILE_UNWRITABLE
from destination_bigcommerce.record import Rejected, key_of

LOGGER = logging.getLogger("airbyte")


class Rejections:
    """Writes down each rejected order at once.

    The log has `{"rejected": "PO-7", "reason": "...", "api": "..."}`; `api` holds the API's own
    words. The file also has the whole record, and only its owner may read it.

    path: the file to append lines to; empty for none.

    Raises a config error if the file cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file = os.fdopen(os.open(path, flags, 0o600), "ab") if path else None
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, record: Any, rejected: Rejected) -> None:
        line = {"rejected": key_of(record), "reason": str(rejected), "api": rejected.words}
        LOGGER.warning(json.dumps(line, ensure_ascii=False))
        if self._file:
            text = json.dumps({**line, "record": record}, default=vars)
            try:
                with self._lock:
                    self._file.write(text.encode() + b"\n")
                    self._file.flush()
            except OSError as error:
                raise self._unwritable(error) from error

    def close(self) -> None:
        if self._file:
            # An error here loses nothing: each line was flushed, or its error raised.
            with suppress(OSError):
                self._file.close()

    def _unwritable(self, error: OSError) -> Exception:
        return FILE_UNWRITABLE.error(repr(error), path=self._path, reason=error.strerror)
