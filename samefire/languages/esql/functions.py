"""The functions of ES|QL: what they take and what they give.

What a function does is the engine's. A class of arguments is written as one word; `?` may be left out, `+`
once or more, `*` any number. `gives` is a type, or `same` (that of the first argument, texts as keyword),
`common` (the type that all of them share) or `whole` (long for whole numbers, else double).
"""

from __future__ import annotations

from dataclasses import dataclass

from samefire.languages.esql.types import CLASSES


@dataclass(frozen=True, slots=True)
class Signature:
    """`parameters` are classes of arguments in order."""

    parameters: tuple[str, ...]
    gives: str

    @property
    def least(self) -> int:
        return sum(p[-1] not in "?*" for p in self.parameters)

    @property
    def most(self) -> int | None:
        return None if self.parameters and self.parameters[-1][-1] in "+*" else len(self.parameters)

    def parameter(self, place: int) -> str:
        """The class of an argument."""
        return self.parameters[min(place, len(self.parameters) - 1)].rstrip("?+*")


def _table(rows: dict[str, str]) -> dict[str, Signature]:
    """`"string integer? -> keyword"` as signatures."""
    found = {}
    for name, row in rows.items():
        parameters, _, gives = row.partition("->")
        found[name] = Signature(tuple(parameters.split()), gives.strip())
    return found


ALIASES = {
    "to_str": "to_string",
    "to_int": "to_integer",
    "to_dbl": "to_double",
    "to_bool": "to_boolean",
    "to_dt": "to_datetime",
    "to_ul": "to_unsigned_long",
    "to_ulong": "to_unsigned_long",
    "to_ver": "to_version",
    "bin": "bucket",
    "signum": "signum",
    "stddev": "std_dev",
}
"""Other names of functions."""

CONVERSIONS = {
    "to_boolean": "boolean",
    "to_cartesianpoint": "cartesian_point",
    "to_date_nanos": "date_nanos",
    "to_dateperiod": "interval",
    "to_datetime": "date",
    "to_double": "double",
    "to_geopoint": "geo_point",
    "to_integer": "integer",
    "to_ip": "ip",
    "to_long": "long",
    "to_string": "keyword",
    "to_timeduration": "interval",
    "to_unsigned_long": "unsigned_long",
    "to_version": "version",
}
"""Functions that convert, by what they give."""

TAKEN = {
    "to_boolean": "as_boolean",
    "to_cartesianpoint": "as_point",
    "to_date_nanos": "as_date_nanos",
    "to_datetime": "as_date",
    "to_double": "as_number",
    "to_geopoint": "as_point",
    "to_integer": "as_number",
    "to_ip": "as_ip",
    "to_long": "as_long",
    "to_unsigned_long": "as_number",
    "to_version": "as_version",
}
"""What a conversion takes, where that is not everything."""

CASTS = {
    **{name.removeprefix("to_"): name for name in CONVERSIONS},
    "bool": "to_boolean",
    "date": "to_datetime",
    "date_period": "to_dateperiod",
    "dbl": "to_double",
    "int": "to_integer",
    "keyword": "to_string",
    "text": "to_string",
    "geo_point": "to_geopoint",
    "str": "to_string",
    "time_duration": "to_timeduration",
    "ul": "to_unsigned_long",
    "ulong": "to_unsigned_long",
}
"""The types that `::` knows, by their function."""

SCALARS = _table(
    {
        "abs": "number -> same",
        "acos": "number -> double",
        "asin": "number -> double",
        "atan": "number -> double",
        "atan2": "number number -> double",
        "bit_length": "string -> integer",
        "bucket": "bucketed size any? any? -> bucket",
        "byte_length": "string -> integer",
        "case": "any any* -> case",
        "cbrt": "number -> double",
        "ceil": "number -> same",
        "cidr_match": "ip string+ -> boolean",
        "coalesce": "any any* -> common",
        "concat": "string string+ -> keyword",
        "contains": "string string -> boolean",
        "copy_sign": "number number -> same",
        "cos": "number -> double",
        "cosh": "number -> double",
        "date_diff": "string date date -> integer",
        "date_extract": "string date -> long",
        "date_format": "any date? -> keyword",
        "date_parse": "string string? -> date",
        "date_trunc": "interval date -> same_second",
        "day_name": "date -> keyword",
        "e": "-> double",
        "ends_with": "string string -> boolean",
        "exp": "number -> double",
        "floor": "number -> same",
        "from_base64": "string -> keyword",
        "greatest": "any any* -> common",
        "hash": "string string -> keyword",
        "hypot": "number number -> double",
        "ip_prefix": "ip integer integer -> ip",
        "json_extract": "document string -> keyword",
        "least": "any any* -> common",
        "left": "string integer -> keyword",
        "length": "string -> integer",
        "locate": "string string integer? -> integer",
        "log": "number number? -> double",
        "log10": "number -> double",
        "ltrim": "string -> keyword",
        "md5": "string -> keyword",
        "month_name": "date -> keyword",
        "mv_append": "any any -> common",
        "mv_avg": "number -> double",
        "mv_concat": "string string -> keyword",
        "mv_contains": "any any -> boolean",
        "mv_count": "any -> integer",
        "mv_dedupe": "any -> same",
        "mv_first": "any -> same",
        "mv_intersection": "any any -> same",
        "mv_intersects": "any any -> boolean",
        "mv_last": "any -> same",
        "mv_max": "any -> same",
        "mv_median": "number -> same",
        "mv_median_absolute_deviation": "number -> same",
        "mv_min": "any -> same",
        "mv_percentile": "number number -> same",
        "mv_pseries_weighted_sum": "number number -> double",
        "mv_slice": "any integer integer? -> same",
        "mv_sort": "any string? -> same",
        "mv_sum": "number -> same",
        "mv_union": "any any -> common",
        "mv_zip": "string string string? -> keyword",
        "now": "-> date",
        "pi": "-> double",
        "pow": "number number -> double",
        "repeat": "string integer -> keyword",
        "replace": "string string string -> keyword",
        "reverse": "string -> keyword",
        "right": "string integer -> keyword",
        "round": "number whole? -> same",
        "round_to": "any any+ -> common",
        "rtrim": "string -> keyword",
        "scalb": "number whole -> double",
        "sha1": "string -> keyword",
        "sha256": "string -> keyword",
        "signum": "number -> double",
        "sin": "number -> double",
        "sinh": "number -> double",
        "space": "integer -> keyword",
        "split": "string string -> keyword",
        "sqrt": "number -> double",
        "st_distance": "point point -> double",
        "st_x": "point -> double",
        "st_y": "point -> double",
        "starts_with": "string string -> boolean",
        "substring": "string integer integer? -> keyword",
        "tan": "number -> double",
        "tanh": "number -> double",
        "tau": "-> double",
        "to_base64": "string -> keyword",
        "to_degrees": "number -> double",
        "to_lower": "string -> keyword",
        "to_radians": "number -> double",
        "to_upper": "string -> keyword",
        "trim": "string -> keyword",
        "url_decode": "string -> keyword",
        "url_encode": "string -> keyword",
        "url_encode_component": "string -> keyword",
        **{name: f"{TAKEN.get(name, 'any')} -> {kind}" for name, kind in CONVERSIONS.items()},
    }
)
"""Functions of one row."""

AGGREGATES = _table(
    {
        "absent": "any -> boolean",
        "avg": "signed -> double",
        "count": "any? -> long",
        "count_distinct": "any whole? -> long",
        "first": "any any? -> same",
        "last": "any any? -> same",
        "max": "any -> same",
        "median": "signed -> double",
        "median_absolute_deviation": "signed -> double",
        "min": "any -> same",
        "percentile": "signed signed -> double",
        "present": "any -> boolean",
        "std_dev": "signed -> double",
        "sum": "signed -> whole",
        "top": "any integer string? any? -> same",
        "values": "any -> same",
        "variance": "signed -> double",
        "weighted_avg": "signed signed -> double",
    }
)
"""Functions of the rows of a group."""

FULL_TEXT = frozenset(("kql", "match", "match_phrase", "qstr"))
"""Functions that ask the index about an event."""

NOT_RUN = frozenset(
    (
        *(
            "categorize",
            "chunk",
            "clamp",
            "clamp_max",
            "clamp_min",
            "decay",
            "knn",
            "multi_match",
            "mv_difference",
        ),
        *(
            "network_direction",
            "sample",
            "score",
            "tbucket",
            "term",
            "text_embedding",
            "top_snippets",
            "trange",
        ),
        *("st_centroid_agg", "st_contains", "st_disjoint", "st_envelope", "st_extent_agg", "st_geohash"),
        *("st_geohex", "st_geotile", "st_intersects", "st_npoints", "st_simplify", "st_within"),
        *("st_xmax", "st_xmin", "st_ymax", "st_ymin", "to_aggregate_metric_double", "to_cartesianshape"),
        *("to_date_range", "to_dense_vector", "to_geohash", "to_geohex", "to_geoshape", "to_geotile"),
        *("v_cosine", "v_dot_product", "v_hamming", "v_l1_norm", "v_l2_norm", "v_magnitude"),
        *(
            "avg_over_time",
            "count_over_time",
            "delta",
            "deriv",
            "first_over_time",
            "idelta",
            "increase",
            "irate",
        ),
        *("last_over_time", "max_over_time", "min_over_time", "rate", "sum_over_time"),
    )
)
"""Functions of Elasticsearch that samefire knows by name only."""

NAMES = frozenset([*SCALARS, *AGGREGATES, *FULL_TEXT, *ALIASES])

assert all(
    p.rstrip("?+*") in CLASSES for s in (*SCALARS.values(), *AGGREGATES.values()) for p in s.parameters
)
