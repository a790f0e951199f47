"""The page in a real browser: accessible, self-contained, on narrow screens, and in print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ddg_pipeline.review.dossier import dossier_html

from .conftest import KINDS

CHROMIUM = Path("/usr/bin/chromium")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
WIDTHS = (1200, 400)
USUALLY = [kind if kind in ("masked", "hostile") else pytest.param(kind, marks=pytest.mark.thorough) for kind in KINDS]
PRINTED = (round((8.5 - 2 * 16 / 25.4) * 96), 900)  # what a letter page leaves between its margins, in CSS pixels


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install chromium to look at the dossier in it")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, request, tmp_path):
    """Open the page of a release; any request but that of the page itself fails the test."""
    contexts, asked = [], []

    def make(kind, width, height=900, **given):
        file = tmp_path / f"{kind}.html"
        file.write_text(dossier_html(request.getfixturevalue(kind).dossier(**given)), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()

        def refuse(route):
            if route.request.url != file.as_uri():
                asked.append(route.request.url)
                route.abort()
            else:
                route.continue_()

        page.route("**/*", refuse)
        page.on("console", lambda message: asked.append(message.text))
        page.goto(file.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()
    assert asked == [], "nothing is asked for, and the browser has nothing to complain about"


class TestAccessibility:
    @pytest.mark.parametrize("width", [WIDTHS[0], pytest.param(WIDTHS[1], marks=pytest.mark.thorough)])
    @pytest.mark.parametrize("kind", USUALLY)
    def test_axe_finds_nothing_against_wcag_2_2_aa(self, opened, kind, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = axe.run(opened(kind, width), options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert len(found["passes"]) > 15

    def test_axe_finds_what_is_wrong(self, opened):
        """The test above can fail."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        page = opened("masked", 1200)
        page.evaluate("() => { document.documentElement.lang = ''; document.body.style.color = '#ccc' }")
        found = axe.run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert {"html-has-lang", "color-contrast"} <= {one["id"] for one in found["violations"]}

    @pytest.mark.parametrize("shade", range(5))
    def test_the_map_s_words_stand_out_from_every_shade(self, opened, shade):
        """Axe does not look into drawings: 4.5 to 1, by the definition of WCAG."""
        page = opened("masked", 1200)
        fill, ink = page.evaluate(
            """shade => {
                const svg = document.querySelector('.map'), make = (name, kind) => {
                    const one = document.createElementNS('http://www.w3.org/2000/svg', name);
                    one.setAttribute('class', kind); svg.append(one); return getComputedStyle(one).fill };
                return [make('rect', 'shade-' + shade), make('text', shade > 2 ? 'on-dark' : '')] }""",
            shade,
        )
        assert _contrast(fill, ink) >= 4.5

    def test_every_share_on_the_map_is_written_in_its_tile(self, opened):
        page = opened("masked", 1200)
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.map g')].flatMap(group => {
                const tile = group.querySelector('rect').getBoundingClientRect();
                return [...group.querySelectorAll('text')].filter(text => {
                    const box = text.getBoundingClientRect();
                    return box.left < tile.left || box.right > tile.right || box.top < tile.top
                        || box.bottom > tile.bottom }).map(text => text.textContent) })"""
        )
        assert outside == []


class TestScreens:
    @pytest.mark.parametrize("width", [320, *(pytest.param(width, marks=pytest.mark.thorough) for width in WIDTHS)])
    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_makes_the_page_scroll_sideways(self, opened, kind, width):
        page = opened(kind, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_what_scrolls_sideways_can_be_reached_by_keyboard(self, opened):
        page = opened("masked", 400)
        unreached = page.evaluate(
            """() => [...document.querySelectorAll('main *')].filter(one =>
                one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'auto'
                && one.tabIndex < 0).length"""
        )
        assert unreached == 0

    def test_links_lead_to_their_section(self, opened):
        page = opened("masked", 1200)
        page.click("section[aria-labelledby=score] a:has-text('§16.2') >> nth=0")
        assert page.url.endswith("#section-16-2")
        box = page.locator("#section-16-2").bounding_box()
        assert 0 <= box["y"] < 900


class TestPrint:
    @pytest.mark.parametrize("kind", USUALLY)
    def test_nothing_is_wider_than_the_paper(self, opened, kind):
        page = opened(kind, *PRINTED)
        page.emulate_media(media="print")
        wide = page.evaluate(
            """width => [...document.querySelectorAll('main *')].filter(one => {
                const box = one.getBoundingClientRect();
                return box.width && (box.right > width + 1 || box.left < -1)
            }).map(one => one.outerHTML.slice(0, 80))""",
            PRINTED[0],
        )
        assert wide == []

    @pytest.mark.parametrize(("kind", "least", "most"), [("masked", 4, 9), ("unmasked", 3, 7), ("percentages", 3, 7)])
    def test_takes_a_few_pages_with_the_links_in_it(self, opened, tmp_path, kind, least, most):
        page = opened(kind, 1200)
        page.emulate_media(media="print")
        path = tmp_path / "dossier.pdf"
        page.pdf(path=str(path), prefer_css_page_size=True, print_background=True)
        data = path.read_bytes()
        pages = len(re.findall(rb"/Type\s*/Page\b", data))
        assert least <= pages <= most
        assert set(re.findall(rb"/MediaBox\s*\[0 0 (\d+) (\d+)\]", data)) == {(b"612", b"792")}
        assert data.count(b"/Subtype /Link") > 20

    def test_the_list_of_contents_is_left_out_and_tables_do_not_scroll(self, opened):
        page = opened("masked", *PRINTED)
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        overflow = page.evaluate(
            "[...document.querySelectorAll('.scroll')].map(one => getComputedStyle(one).overflowX)"
        )
        assert set(overflow) == {"visible"}


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
