"""Query languages, one file each.

`parse(Source) → tree`, `render(tree) → str`, `lower(tree, fields, source) → Node`.

`parse` keeps how the text was written (quotes, lists) so that `render` and the Query DSL are exact;
`lower` says what it means, with field types, as nodes of `samefire.query.ast`.
Find one with `language(name)`.
"""
