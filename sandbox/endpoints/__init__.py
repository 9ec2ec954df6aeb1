"""The endpoints by topic, a table each; `sandbox.routes` puts them together."""
