"""A BigCommerce store that runs on your machine. See README.md."""

from sandbox.faults import Change, Fault
from sandbox.server import Entry, Sandbox

__all__ = ["Change", "Entry", "Fault", "Sandbox"]
