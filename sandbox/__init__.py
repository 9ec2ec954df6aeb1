"""A BigCommerce store that runs on your machine. See README.md."""

from sandbox.faults import Change, Fault
from sandbox.sandbox import Sandbox
from sandbox.simulation import Entry

__all__ = ["Change", "Entry", "Fault", "Sandbox"]
