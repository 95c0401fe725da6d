"""Forms of other SIEMs: found when a backend of pySigma is installed, imported late, told about when it is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samefire.commands import WrongUse
from samefire.commands.arguments import chosen_forms
from samefire.forms import Options, converters, packages
from samefire.problems import ProblemError
from tests.conftest import HOME
from tests.converters.sigma_cases import FIELDS, rule

BACKEND = """
from sigma.conversion.base import Backend
class Loud(Backend):
    def __init__(self, processing_pipeline=None):
        self.pipeline = processing_pipeline
    def convert(self, collection):
        return ["FIND " + " ".join(rule.title for rule in collection.rules)]
for name in list(Backend.__abstractmethods__):
    setattr(Loud, name, lambda self, *a, **k: None)
Loud.__abstractmethods__ = frozenset()
backends = {"loud": Loud}
"""


@pytest.fixture
def loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A backend of our own in pySigma's namespace."""
    package = tmp_path / "sigma" / "backends" / "loud"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(BACKEND)
    monkeypatch.syspath_prepend(str(tmp_path))
    converters.cache_clear()
    yield tmp_path
    converters.cache_clear()
    sys.modules.pop("sigma.backends.loud", None)


def test_an_installed_backend_is_a_form(loud: Path) -> None:
    form = converters()["loud"]
    assert "sigma.backends.loud" not in sys.modules
    assert (form.name, form.suffix, form.derived) == ("loud", ".loud", True)
    result = form.write(rule("process.name: cmd.exe"), FIELDS, Options())
    assert result.document is not None
    assert (result.document.name, result.document.text) == ("rule.loud", "FIND A Thing Happened\n")


def test_it_is_exported_only_when_named(loud: Path) -> None:
    assert "loud" not in [form.name for form in chosen_forms([])]
    assert [form.name for form in chosen_forms(["loud"])] == ["loud"]


def test_its_queries_are_not_run(loud: Path) -> None:
    with pytest.raises(ProblemError, match="queries of loud are not run here"):
        converters()["loud"].read("FIND x", FIELDS)


def test_a_pipeline_that_is_not_there(loud: Path) -> None:
    asked = Options(extra={"pipeline": "no_such_pipeline"})
    result = converters()["loud"].write(rule("process.name: cmd.exe"), FIELDS, asked)
    assert [p.message for p in result.problems] == [
        "pySigma's loud backend needs the pipeline `no_such_pipeline`, which is not installed"
    ]


def test_a_package_is_named_for_a_form_that_is_not_installed() -> None:
    assert packages()["qradar"] == "pysigma-backend-qradar-aql"
    message = "unknown form `qradar`; `pip install pysigma-backend-qradar-aql` brings it"
    with pytest.raises(WrongUse, match=f"^{message}$"):
        chosen_forms(["qradar"])


def test_a_misspelt_form_gets_the_nearest() -> None:
    with pytest.raises(WrongUse, match=r"^unknown form `sigam`; did you mean `sigma`\?$"):
        chosen_forms(["sigam"])


def test_pysigma_is_not_imported_to_list_forms() -> None:
    code = (
        "import sys; from samefire.forms import converters; converters(); print('sigma.rule' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
