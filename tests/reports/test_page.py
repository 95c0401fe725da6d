"""The HTML page in a real browser: it draws, says nothing on the console, loads nothing, and takes keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samefire.harness.report import Report
from samefire.reports.html import report_html
from tests.browser import Page, browser, executable
from tests.reports.made import HOSTILE, large, small

pytestmark = pytest.mark.skipif(
    executable() is None, reason="no Chromium on this machine (BROWSER_BINARY names one)"
)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as one:
        yield one


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Iterator[Page]:
    page.said.clear()
    show(page, small(), tmp_path)
    yield page
    assert page.said == []


def show(page: Page, report: Report, folder: Path, **how: object) -> None:
    file = folder / "report.html"
    file.write_text(report_html(report), encoding="utf-8")
    page.open(file, **how)  # type: ignore[arg-type]


def text(page: Page, selector: str) -> str:
    return str(page.run(f"document.querySelector({selector!r}).innerText"))


def count(page: Page, selector: str) -> int:
    return int(page.run(f"document.querySelectorAll({selector!r}).length"))


def test_what_it_says(opened: Page) -> None:
    assert text(opened, "#verdict") == "1 rule failed"
    assert opened.run("document.title") == "samefire: 1 rule failed"
    assert (
        " ".join(text(opened, "#totals").split()) == "2 rules 8 verdicts 2 wrong 2/2 in elastic 2/2 in sigma"
    )
    assert text(opened, "#scope") == "Judged: all rules. Not run: rules that sleep: 3."
    assert text(opened, "#count") == "1 of 2 rules"


def test_the_matrix_has_every_case(opened: Page) -> None:
    opened.run("document.querySelector('#states button[value=all]').click()")
    assert count(opened, "#rules tr.rule") == 2
    assert count(opened, "#rules .cell") == 8
    assert count(opened, "#rules .cell.bad") == 2


def test_a_failure_shows_why_event_and_both_forms(opened: Page) -> None:
    opened.run("document.querySelector('tr.rule button').click()")
    detail = text(opened, "tr.detail")
    assert "elastic, sigma" in detail
    assert 'process.name is "sh"' in detail
    assert '"bash"' in detail
    assert "shell.json" in detail and "shell.yml" in detail
    marked = opened.run("[...document.querySelectorAll('tr.detail mark')].map((m) => m.innerText)")
    assert set(marked) == {"process.name", '"name"'}
    assert count(opened, "tr.detail .forms > div") == 2


def test_keys_alone(opened: Page) -> None:
    opened.press("/", "/")
    assert opened.run("document.activeElement.id") == "search"
    opened.run("document.querySelector('#states button[value=all]').click()")
    opened.type("many failed")
    assert text(opened, "#count") == "1 of 2 rules"
    opened.press("Escape")
    assert text(opened, "#count") == "2 rules"
    for _ in range(30):
        opened.press("Tab")
        if opened.run("document.activeElement.closest('tr.rule') !== null"):
            break
    opened.press("Enter")
    assert opened.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert count(opened, "tr.detail") == 1
    opened.press("Enter")
    assert count(opened, "tr.detail") == 0


def test_views(opened: Page) -> None:
    opened.run("document.getElementById('tab-problems').click()")
    assert "no field of the rule" in text(opened, "#problems")
    opened.run("document.getElementById('tab-attack').click()")
    assert "T1059" in text(opened, "#attack")
    opened.run("document.querySelector('.technique').click()")
    assert opened.run("document.getElementById('search').value") == "T1059"
    assert text(opened, "#count") == "1 of 2 rules"


def luminance(page: Page) -> float:
    rgb = page.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    return float(sum(rgb)) / 3


def test_light_and_dark(page: Page, tmp_path: Path) -> None:
    show(page, small(), tmp_path, dark=True)
    assert luminance(page) < 60
    page.run("document.getElementById('theme').click()")
    assert luminance(page) > 200
    show(page, small(), tmp_path)
    assert luminance(page) > 200


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_hangs_over_the_edge(page: Page, tmp_path: Path, width: int) -> None:
    show(page, small(), tmp_path, width=width)
    page.run("document.querySelector('tr.rule button').click()")
    assert page.run("document.documentElement.scrollWidth") <= width


def test_it_prints(page: Page, tmp_path: Path) -> None:
    show(page, small(), tmp_path)
    paper = page.pdf()
    assert paper.startswith(b"%PDF")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert count(page, "tr.detail") == 1


def test_a_large_report(page: Page, tmp_path: Path) -> None:
    page.said.clear()
    show(page, large(1_700), tmp_path)
    assert text(page, "#count") == "1,700 rules"
    assert count(page, "tr.rule") == 200
    assert page.run("performance.timing.domContentLoadedEventEnd - performance.timing.domLoading") < 10_000
    page.run("document.getElementById('more').click()")
    assert count(page, "tr.rule") == 400
    assert page.said == []


def test_hostile_names_stay_text(page: Page, tmp_path: Path) -> None:
    page.said.clear()
    show(page, small(name=HOSTILE, value=HOSTILE), tmp_path)
    page.run("document.querySelectorAll('tr.rule button').forEach((b) => b.click())")
    assert page.run("window.owned === undefined")
    assert count(page, "img") == 0
    assert count(page, "script") == 2
    assert page.said == []
