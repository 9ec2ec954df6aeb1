"""The connector, as hosts load it."""

from typing import Any, List, Mapping, Optional

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

from source_bigcommerce.components.budget import StoreBudget


class SourceBigcommerce(YamlDeclarativeSource):
    """The manifest, with the budget that it cannot declare.

    Raises AirbyteTracedException (config error) for a configuration that cannot work.
    """

    def __init__(
        self,
        catalog: Optional[ConfiguredAirbyteCatalog] = None,
        config: Optional[Mapping[str, Any]] = None,
        state: Optional[List[AirbyteStateMessage]] = None,
        config_path: Optional[str] = None,
        **_: Any,
    ) -> None:
        super().__init__(
            path_to_yaml="manifest.yaml",
            catalog=catalog,
            config=config,
            state=state,
            config_path=config_path,
        )
        # The manifest can only declare the CDK's budgets, which misread BigCommerce's headers; the
        # factory hands this one to every requester. A private attribute: see unit_tests.
        self._constructor._api_budget = StoreBudget(self._config.get("quota_share", 100))  # type: ignore[assignment]
