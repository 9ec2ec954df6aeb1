"""The type of the fixture `get`."""

from __future__ import annotations

from collections.abc import Callable

import requests

Get = Callable[..., requests.Response]
