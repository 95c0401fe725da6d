"""One file per form. To add one: a class with `name`, `suffix`, `write`, `read` (see `samefire.forms`),
and a last line `converter = X()`. Files that start with an underscore are shared, not forms."""
