"""Without pygls (the extra `lsp`) there is no server to test."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("pygls") else ["test_*.py"]
