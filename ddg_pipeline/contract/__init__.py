"""What a release is: its dimensions, measures, hierarchies and links, however they are spelled.

One model (`ReleaseContract`), two spellings: ``config.meta.ddg`` of a dbt model and its columns (`manifest`), or one
YAML file (`yaml_file`). `bind` joins a contract with a table and its reference tables.
"""

from ddg_pipeline.contract.bind import BoundTable, bind
from ddg_pipeline.contract.dimension import Dimension
from ddg_pipeline.contract.hierarchy import Hierarchy
from ddg_pipeline.contract.manifest import contracts_from_manifest
from ddg_pipeline.contract.measure import Measure
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.contract.yaml_file import contract_from_yaml

__all__ = [
    "BoundTable",
    "Dimension",
    "Hierarchy",
    "Measure",
    "ReleaseContract",
    "Variable",
    "bind",
    "contract_from_yaml",
    "contracts_from_manifest",
]
