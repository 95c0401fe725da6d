"""Types of fields: what a mapping says of each name, from ECS, a mapping file, or a rule's own facts.

Knows Elasticsearch's types; knows no query language. `table.py` holds the table, `shipped.py` reads the ECS
and vendor facts of `samefire/data/`, `mapping.py` Elasticsearch's mapping JSON, `toml.py` a project's own
`fields/*.toml`.
"""

from samefire.fields.table import CONTAINERS, TYPES, FieldType, FieldTypes

__all__ = ["CONTAINERS", "TYPES", "FieldType", "FieldTypes"]
