"""Print a stream of the manifest unfolded, with its references resolved.

    python scripts/show.py order_products

`$parameters` apply to everything within them. Ends with 1 if there is no such stream.
"""

import sys
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import (
    ManifestReferenceResolver,
)

MANIFEST = Path(__file__).resolve().parent.parent / "source_bigcommerce/manifest.yaml"


class _Plain(yaml.SafeDumper):
    """Without anchors: a part that is used twice is printed twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, '"' if "'" in text else None)


_Plain.add_representer(str, _Plain.represent_text)


def unfolded(name: str) -> str:
    """A stream as YAML. Raises LookupError with the names of all streams."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    streams = {stream["$parameters"]["name"]: stream for stream in manifest["streams"]}
    if name not in streams:
        raise LookupError(f"There is no stream {name!r}. These are: {', '.join(sorted(streams))}.")
    part = {"definitions": manifest["definitions"], "stream": streams[name]}
    resolved = ManifestReferenceResolver().preprocess_manifest(part)["stream"]
    first = {"$parameters": resolved.pop("$parameters")}
    return yaml.dump({**first, **resolved}, Dumper=_Plain, sort_keys=False, width=100)


if __name__ == "__main__":
    try:
        print(unfolded("".join(sys.argv[1:])), end="")
    except LookupError as error:
        sys.exit(str(error.args[0]))
