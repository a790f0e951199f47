"""The page: what it says of each kind of release, and what it may not say."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from html.parser import HTMLParser

import pytest
from review.released import Released, cases_table

from ddg_pipeline.review.dossier import Approval, EarlierVersion, PublicTable, dossier_html

from .conftest import HOSTILE, KINDS, UNEXPLAINED

VOID = {"meta", "rect", "br", "wbr", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """A page taken apart; every element has to be closed by its own tag."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.headings, self.attributes = [], [], [], [], []
        self._open, self._heading = [], None
        self.words = ""
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if not {"style"} & set(self._open):
            self.words += data


def part(words, begin, end):
    """Give what stands under a heading; the list of contents names it before."""
    start = words.rindex(begin)
    return words[start : words.index(end, start)]


@pytest.fixture
def page_of(request):
    def make(kind, **given):
        released: Released = request.getfixturevalue(kind)
        return dossier_html(released.dossier(**given))

    return make


class TestAnyPage:
    @pytest.mark.parametrize("kind", KINDS)
    def test_asks_for_nothing_from_outside(self, page_of, kind):
        text = page_of(kind)
        page = Page(text)
        assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
        assert not {"src", "srcset", "style", "action", "onload", "onclick", "xlink:href"} & set(page.attributes)
        assert {link[0] for link in page.links} == {"#"}
        assert "url(" not in text
        assert "@import" not in text
        assert "default-src 'none'" in text

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_links_that_lead_somewhere_and_every_place_once(self, page_of, kind):
        page = Page(page_of(kind))
        assert len(page.ids) == len(set(page.ids))
        assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
        assert len(page.links) > 20

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_headings_in_order(self, page_of, kind):
        headings = Page(page_of(kind)).headings
        assert headings[0] == 1
        assert headings.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(headings))

    @pytest.mark.parametrize("kind", KINDS)
    def test_is_the_same_every_time(self, page_of, kind):
        assert page_of(kind) == page_of(kind)

    @pytest.mark.parametrize("kind", KINDS)
    def test_cites_no_section_without_a_link_to_it(self, page_of, kind):
        text = page_of(kind)
        body = text[text.index("<main>") : text.index('<section aria-labelledby="sections"')]
        body = re.sub(r'<a href="#(?:section|appendix)-[a-z0-9-]+">.*?</a>', "", body)
        # the rule that stands in the summary names none
        assert "§" not in body


class TestAMaskedRelease:
    def test_says_what_is_decided_and_why_before_anything_else(self, page_of):
        words = Page(page_of("masked")).words
        first = words[: words.index("1 The steps of the guideline")]
        for text in ("The table is released with suppression.", "publication score is over 12",
                     "still has at least 3 possible values", "0 of 4"):  # fmt: skip
            assert text in first

    def test_has_a_map_and_says_the_same_in_a_table(self, page_of):
        text = page_of("masked")
        assert text.count('<svg class="map"') == 1
        assert text.count("not in the table</title>") == 58 - 6
        assert "<title>Alpine: " in text
        assert '<th scope="row">Alpine</th>' in text

    def test_shows_the_guideline_s_text_for_the_sections_it_cites(self, page_of):
        page = Page(page_of("masked"))
        for anchor in ("section-4-2", "section-4-4-1", "section-16-2", "section-14-2"):
            assert anchor in page.ids
        assert "A denominator of 20,000 people or fewer is small." in page.words
        assert "A row or column with a suppressed cell has at least 2 of them." in page.words

    def test_has_signature_lines_for_those_who_have_not_approved(self, page_of):
        given = [
            Approval("legal_counsel", "Legal counsel", "given", "R. Roe", dt.datetime(2021, 12, 1, 9, tzinfo=dt.UTC)),
            Approval("director", "Director or designee", "revoked", "D. Doe", note="wrong year"),
        ]
        text = page_of("masked", approvals=given)
        lines = text[text.index("Signature lines") : text.index('id="certificate"')]
        assert "Director or designee" in lines
        assert "Legal counsel" not in lines
        assert "1 of 2" in text
        assert "2021-12-01 09:00 UTC" in text
        assert "revoked" in text
        assert "wrong year" in text

    def test_lists_what_else_is_public_and_asks_about_what_was_not_known(self, page_of):
        others = [
            PublicTable("Cases by age", "release by_age", "linked", taken_as_known=True),
            PublicTable("Births", "Vital records", "the same people", False, dt.datetime(2020, 2, 3, tzinfo=dt.UTC)),
        ]
        words = Page(page_of("masked", already_public=others, history=[EarlierVersion(1)], version=2)).words
        assert "1 other table is public that masking and audit did not take into account." in words
        assert "2020-02-03" in words
        assert "its certificate is void" in words

    def test_says_that_nothing_else_is_recorded_where_it_was_told_of_nothing(self, page_of):
        assert "No other table is recorded as public." in Page(page_of("masked")).words


class TestReasonsThatAreNotShown:
    def test_leave_no_number_of_small_or_complementary_cells(self, unexplained):
        text = dossier_html(unexplained.dossier())
        hidden = part(Page(text).words, "3 What is hidden", "4 What a reader can find out")
        assert "which cells are which is not told here either" in hidden
        assert "Complementary" not in hidden
        assert "Compl." not in hidden
        assert "not published" in hidden
        assert 'class="small"' not in text
        assert 'class="complementary"' not in text

    def test_do_not_depend_on_which_hidden_cells_are_small(self, made, unexplained):
        """Two counties swap cases between the sexes, in cells that are hidden: but for hashes, the page is the same."""

        def without_hashes(text):
            return re.sub(r"\b[0-9a-f]{16,64}\b", "", text)

        swapped = made("swapped", UNEXPLAINED, cases_table(Alpine=(5, 4), Colusa=(6, 17)))
        assert swapped.rows == unexplained.rows
        pages = [without_hashes(dossier_html(one.dossier())) for one in (swapped, unexplained)]
        assert pages[0] == pages[1]


class TestAReleaseWithoutSuppression:
    def test_says_so_and_has_neither_map_nor_bars(self, page_of):
        text = page_of("unmasked")
        words = Page(text).words
        assert "The table is released without suppression." in words
        assert "Nothing is suppressed." in words
        assert "<svg" not in text

    def test_asks_about_small_counts_that_are_shown(self, page_of):
        assert "1 cell shows a small count as it is" in Page(page_of("unmasked")).words
        assert "shows a small count" not in Page(page_of("masked")).words


class TestWhatNeedsJudgement:
    def test_is_a_population_at_high_risk(self, page_of):
        page = Page(page_of("unexplained"))
        assert "The table shows a high-risk population: People experiencing homelessness." in page.words
        assert "section-5-6-2" in page.ids

    def test_is_what_a_department_s_rulebook_says_otherwise(self, page_of, overlay):
        words = Page(page_of("overlay")).words
        changed = overlay.rulebook.overrides
        assert f"The rulebook says {len(changed)} things otherwise than the guideline." in words
        for one in changed:
            assert one.entry in words
            assert one.reason in words
            assert one.source in words.replace("\u00a0", " ")

    def test_is_nowhere_said_to_go_by_the_score_where_it_does_not(self, page_of):
        words = Page(page_of("overlay")).words
        assert "masked whatever the score" in words
        assert "may be released without masking" not in words
        assert "may be released without masking" in Page(page_of("masked")).words


class TestWholePercentages:
    def test_say_that_no_count_is_shown(self, page_of):
        words = Page(page_of("percentages")).words
        assert "The table is released without counts, as whole percentages." in words
        assert "no count shown" in words
        assert "each of 3 cells shows a whole percentage" in words

    def test_tell_no_count(self, page_of):
        words = re.sub(r"[0-9a-f]{64}", "", Page(page_of("percentages")).words)  # a hash may hold any digits
        for count in ("54521", "54,521", "53977", "53,977", "108506", "108,506"):
            assert count not in words


class TestHostileText:
    def test_stays_text(self, page_of):
        text = page_of("hostile")
        page = Page(text)
        assert "script" not in page.tags
        assert HOSTILE in page.words
        assert "<b>Glenn</b> & Co" in page.words
        assert "49" not in page.words[: page.words.index("1 The steps")], "no template is made of it"

    def test_of_facts_stays_text_too(self, page_of):
        evil = "<img src=x onerror=alert(1)>"
        others = [PublicTable(evil, evil, evil, taken_as_known=False)]
        approvals = [Approval("legal", evil, "given", evil, note=evil, signature=evil)]
        page = Page(page_of("masked", already_public=others, approvals=approvals))
        assert "img" not in page.tags
        assert page.words.count(evil) >= 6


class TestTheSecondVersion:
    def test_says_what_changed(self, masked, next_year):
        words = Page(dossier_html(next_year.dossier(previous=masked, version=2))).words
        changed = part(words, "6 What changed", "7 Approvals")
        for text in ("21 before, 21 now: 3 added, 3 gone", "Napa", "Glenn", "the same", "2021-11-02 12:00 UTC"):
            assert text in changed

    def test_names_the_cells_that_changed(self, masked, next_year):
        dossier = next_year.dossier(previous=masked, previous_published=True)
        changed = part(Page(dossier_html(dossier)).words, "6 What changed", "7 Approvals")
        assert "the last of the earlier versions that was made public" in changed
        assert "county=Butte, sex=F: 61 \u2192 62" in changed

    def test_of_one_that_nobody_has_does_not_say_that_readers_have_it(self, masked, next_year):
        dossier = masked.dossier(previous=next_year, previous_published=False)
        words = Page(dossier_html(dossier)).words
        assert "Cells that are empty now were shown before." in words
        assert "what readers have may be another table" in words
        assert "Readers of the version before know their figures." not in words
        assert "so that readers have them" not in words

    def test_warns_where_readers_have_what_is_hidden_now(self, masked, next_year):
        words = Page(dossier_html(masked.dossier(previous=next_year))).words
        assert "Cells that are empty now were shown before." in words
        assert "Readers of the version before know their figures." in words
        assert "For your judgement" in words
