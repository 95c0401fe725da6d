"""A language server for rules and what lies beside them: `samefire lsp`.

- `cursor.py`: where in a half-written TOML text the cursor stands
- `project.py`: settings, field types and rules of the folder that a file lies in; what is wrong with a text
- `completion.py`, `hover.py`, `fixes.py`, `lens.py`: one answer each, as plain data of the protocol
- `places.py`: offsets in a text ↔ positions of the protocol
- `server.py`: the server itself

Needs pygls, which the extra `samefire[lsp]` brings.
"""
