"""Rules and exceptions out of Kibana, as files of this house: JSON and NDJSON → TOML.

`export.py` reads what Kibana gives, `rules.py` and `exceptions.py` make tables of it, `names.py` gives files their
names, `text.py` writes them. Nothing here touches a disk or knows a form; that the files export to the JSON that
they came from is proved by the command.
"""
