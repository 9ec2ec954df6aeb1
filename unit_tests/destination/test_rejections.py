"""The file of rejected orders."""

from __future__ import annotations

from pathlib import Path

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.record import Rejected
from destination_bigcommerce.rejections import Rejections


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_the_last_error_that_is_raised() -> None:
    rejections = Rejections("/dev/full")
    with pytest.raises(AirbyteTracedException, match="No space left"):
        rejections.add({"external_order_id": "PO-1"}, Rejected("no"))
    rejections.close()
