"""`python -m sandbox`: serve a store until interrupted."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import threading
from dataclasses import fields
from typing import Any

from sandbox.sandbox import Sandbox
from sandbox.simulation import NOW
from sandbox.world import Size


def main() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Sandbox(**_arguments()) as store:
        # These objects live to the end, so the garbage collector can skip them.
        gc.freeze()
        ready = {
            "api_url": store.url,
            "store_hash": store.store_hash,
            "access_token": store.access_token,
        }
        print(json.dumps(ready), flush=True)
        stopped.wait()


_HOST = "on loopback, default 127.0.0.1; or host.docker.internal, for containers"


def _arguments() -> dict[str, Any]:
    """The command line's values, as arguments of `Sandbox`."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A simulated BigCommerce store. Prints the connector's configuration for it.",
        argument_default=argparse.SUPPRESS,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", type=int, help="0, the default, takes a free one")
    parser.add_argument("--host", help=_HOST)
    parser.add_argument("--seed", type=int, help="another seed, another store; default 7")
    parser.add_argument("--now", help=f"the store's time, or `real`; default {NOW}")
    parser.add_argument("--years", type=float, help="length of the history; default 5")
    for size in fields(Size):
        parser.add_argument(f"--{size.name}", type=int, help=f"rows; default {size.default}")
    parser.add_argument("--quota", type=int, help="requests per window; default: plenty")
    parser.add_argument("--window-ms", type=int, help="length of a quota window; default 30000")
    parser.add_argument("--other-client", type=float, help="share of the quota others take, 0 to 1")
    parser.add_argument("--latency-ms", type=float, help="delay of every answer; default 0")
    parser.add_argument("--cache-mb", type=int, help="memory for serialised rows; default 1024")
    parser.add_argument("--gzip", action="store_true", help="compress for clients that accept it")
    parser.add_argument("--like", help="report of `source-bigcommerce probe`: behave as that store")
    parser.add_argument("--scopes", nargs="*", help="scopes of the token; default: all")
    return vars(parser.parse_args())


if __name__ == "__main__":
    main()
