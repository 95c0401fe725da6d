"""Bundles for release: every export of a set of rules, as files that are the same bytes on every run.

`build.py` the files out of what was converted, `manifest.py` what they are and what each rule became,
`navigator.py` layers for the ATT&CK Navigator, `changelog.py` what is new since a lock, `connectors.py` what
rules act through, `store.py` folders and zip files: written at once or not at all, read and verified.
"""

from samefire.bundle.build import Bundle, Content, Entry, build, convert_all
from samefire.file_names import free_name, safe

__all__ = ["Bundle", "Content", "Entry", "build", "convert_all", "free_name", "safe"]
