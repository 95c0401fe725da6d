"""Pages: everything of a rule is there, nothing of it is markup, links stay inside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from samefire.cli import run

from samefire.docs.guide import rendered
from samefire.docs.html import coloured
from samefire.docs.markdown import _text
from samefire.docs.queries import pieces

EVIL = '<script>alert(1)</script><img src=x onerror="x()">'


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text('forms = ["elastic", "sigma"]\n')
    flags = ["--technique", "T1059.001", "--severity", "high", "--description", f"About {EVIL}"]
    assert (
        run(
            [
                "new",
                "rules/a/x.toml",
                "--name",
                f"Evil {EVIL}",
                "--query",
                'event.action: ("<b>" or b)',
                *flags,
            ]
        )
        == 0
    )
    rule = tmp_path / "rules/a/x.toml"
    note = f"note = '''\n## Triage\n\n{EVIL}\n\n[ok](https://example.com) [no](javascript:alert(1))\n'''\n"
    rule.write_text(
        rule.read_text().replace("risk_score", f'{note}references = ["javascript:x"]\nrisk_score')
    )
    capsys.readouterr()
    assert run(["docs", "-o", "site", "-f", "both", "--title", "Ours"]) == 0
    assert capsys.readouterr().out == "1 rule in 4 files: site/index.html\n"
    return tmp_path / "site"


class Tags(HTMLParser):
    """The elements and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def read(path: Path) -> Tags:
    tags = Tags()
    tags.feed(path.read_text())
    return tags


def test_a_rule_brings_no_markup(site: Path) -> None:
    page, index = read(site / "a/x.html"), read(site / "index.html")
    assert "script" not in page.names and "img" not in page.names | index.names
    assert not page.handlers and not index.handlers
    assert all(re.match(r"https://|(\.\./)*index\.html$", link) for link in page.links)
    assert index.links == ["a/x.html", "#search"]
    assert "https://example.com" in page.links


def test_everything_is_told(site: Path) -> None:
    text = (site / "a/x.html").read_text()
    for part in (
        "high · 73",
        "now-9m",
        "Investigation guide",
        "T1059.001",
        "PowerShell",
        "The cases prove 2 of 2",
    ):
        assert part in text, part
    assert "event.action|cased" in text  # its Sigma form
    assert "default-src 'none'" in text


def test_markdown(site: Path) -> None:
    text = (site / "a/x.md").read_text()
    assert text.startswith("# Evil \\<script\\>alert(1)\\</script\\>")
    assert "<script>" not in re.sub(r"^(```+)\w*\n.*?^\1$", "", text, flags=re.M | re.S)
    assert "| positive/event\\_action\\_is\\_b | fires | ✓ | ✓ |" in text
    assert (site / "index.md").read_text().splitlines()[2] == "| rule | severity | type | tactics | cases |"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](javascript:x)", "<p>a</p>\n"),
        ("[a](https://e.com)", '<p><a href="https://e.com" rel="noopener noreferrer">a</a></p>\n'),
        ("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"),
        ("![pic](https://e.com/x.png)", "<p>[pic]</p>\n"),
        ("# Top", "<h2>Top</h2>\n"),
        ("<div>\nx\n</div>", "<p>&lt;div&gt;\nx\n&lt;/div&gt;</p>\n"),
    ],
)
def test_guides(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("language", "query", "told"),
    [
        ("kuery", "a.b: c.d", [("field", "a.b"), ("sign", ":"), ("string", "c.d")]),
        (
            "eql",
            'p where length(a.b) > 2m // "x"',
            [
                ("", "p"),
                ("keyword", "where"),
                ("function", "length"),
                ("field", "a.b"),
                ("sign", ">"),
                ("number", "2m"),
                ("comment", '// "x"'),
            ],
        ),
    ],
)  # fmt: skip
def test_colours(language: str, query: str, told: list[tuple[str, str]]) -> None:
    assert [p for p in pieces(query, language) if p[0] or p[1].isalnum()] == told
    assert "".join(text for _, text in pieces(query, language)) == query


def test_a_query_is_text() -> None:
    assert coloured("<b>", "eql") == (
        "<pre class=query><code><b class=sign>&lt;</b><b class=field>b</b><b class=sign>&gt;</b></code></pre>"
    )


def test_markdown_escapes() -> None:
    assert _text("a|b*c\nd") == "a\\|b\\*c d"
