"""The documentation as a site: whole, in a real browser, with nothing from another host."""

from __future__ import annotations

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough  # a build and a browser; `make docs-check` runs it

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
WIDTHS = (1280, 390)
PAGES = (
    "index",
    "tutorial/first-release",
    "how-to/linked-tables",
    "reference/contract",
    "reference/cli",
    "reference/python",
    "explanation/masking",
    "explanation/benchmarks",
    "search",
)
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def build(source, target):
    """Build as `make docs` does."""
    pytest.importorskip("sphinx")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--nitpicky",
        "--fresh-env",
        "--quiet",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GX_ANALYTICS_ENABLED": "false"}
    return subprocess.run(
        [*command, "-b", "html", source, target], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", target)
    assert done.returncode == 0, done.stderr
    return target


class TestTheBuild:
    def test_has_every_page(self, site):
        pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").glob("*/*.md")}
        assert pages
        assert [str(page) for page in sorted(pages) if not (site / f"{page}.html").is_file()] == []

    @pytest.mark.parametrize("wrong", ["nowhere.md", "index.md#nowhere", "#nowhere"])
    def test_refuses_a_link_that_leads_nowhere(self, tmp_path, wrong):
        source = tmp_path / "docs"
        source.mkdir()
        (source / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text(encoding="utf-8"), encoding="utf-8")
        (source / "static").mkdir()
        (source / "index.md").write_text(f"# A page\n\n[a link]({wrong})\n", encoding="utf-8")
        done = build(source, tmp_path / "site")
        assert done.returncode != 0
        assert "nowhere" in done.stderr

    def test_names_no_script_style_font_or_picture_of_another_host(self, site):
        loaded = re.compile(r"""(?:<(?:script|img|iframe|link|source)\b[^>]*?(?:src|href)=|url\()["']?(https?:)?//""")
        files = [path for kind in ("html", "css") for path in site.rglob(f"*.{kind}")]
        assert len(files) > 30
        assert [path.name for path in files if loaded.search(path.read_text(encoding="utf-8"))] == []


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install chromium to look at the documentation in it")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, address):
    """Open a page; a request to another host, a missing file, or a complaint of the browser fails the test."""
    contexts, wrong = [], []

    def make(page, width=WIDTHS[0], scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()

        def only_here(route):
            if route.request.url.startswith(address):
                route.continue_()
            else:
                wrong.append(route.request.url)
                route.abort()

        tab.route("**/*", only_here)
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("response", lambda response: wrong.append(response.url) if response.status >= 400 else None)
        tab.goto(f"{address}/{page}.html", wait_until="networkidle")
        return tab

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("page", PAGES)
class TestEveryPage:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_axe_finds_nothing_against_wcag_2_2_aa(self, opened, page, width, scheme):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = axe.run(opened(page, width, scheme), options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]] == []
        assert len(found["passes"]) > 15

    def test_fits_a_narrow_screen(self, opened, page):
        assert not opened(page, WIDTHS[1]).evaluate(WIDER_THAN_THE_SCREEN)


class TestTheSearch:
    def test_finds_a_page_by_a_word_in_it(self, opened):
        page = opened("search")
        page.goto(page.url + "?q=complementary")
        page.wait_for_selector("ul.search li a")
        assert "explanation/masking" in " ".join(
            link.get_attribute("href") for link in page.query_selector_all("ul.search li a")
        )
