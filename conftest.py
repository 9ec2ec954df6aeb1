"""Examples that are drawn are the same ones in each run, and know no deadline.

In the profile `ci` of hypothesis, which `--hypothesis-profile` overrides. Airbyte's commands
(`airbyte-cdk connector test`) run where hypothesis is not installed.
"""

from contextlib import suppress

with suppress(ImportError):
    from hypothesis import settings

    settings.load_profile("ci")
