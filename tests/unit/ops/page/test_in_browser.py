"""The page in Chromium: each part is seen, by eye, by keyboard and by a screen reader's rules, on screens and paper."""

import base64
import dataclasses
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ops.page import rendering
from ops.page.facts import Facts, Unseen
from tests.support import browser as chromium
from tests.support.recordings import load
from tests.unit.ops.page.test_rendering import hostile

PARTS = ("summary", "graph", "isolation", "terms", "timeline", "cost", "findings")
THEMES = ("light", "dark")


def blind(facts):
    """Nothing could be seen."""
    why = Unseen(why="AWS refuses; see `AWS_PROFILE`.")
    unseen = {field.name: why for field in dataclasses.fields(Facts) if field.name not in ("name", "made")}
    return dataclasses.replace(facts, **unseen)


def drifted(facts):
    """A preview that finds one of everything, and an up of which a step failed."""
    urns = [item["urn"] for item in facts.deployed.resources if item["custom"]][5:11]
    what = dict(zip(urns, ("update", "create", "delete", "replace", "update", "same"), strict=True))
    plan = dataclasses.replace(facts.plan, operations=what, drifted={urns[4]: "update"})
    return dataclasses.replace(facts, plan=plan, up=dataclasses.replace(facts.up, failed=frozenset({urns[5]})))


STATES = {"well": lambda facts: facts, "drifted": drifted, "unseen": blind, "hostile": hostile}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder, facts = tmp_path_factory.mktemp("pages"), load()
    made = {name: folder / f"{name}.html" for name in STATES}
    for name, path in made.items():
        path.write_text(rendering.page(STATES[name](facts)))
    return made


@pytest.fixture(scope="module")
def browser():
    started = chromium.start()
    yield started
    started.quit()


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_on_the_screen_and_its_link_leads_there(browser, pages, part):
    chromium.show(browser, pages["well"])
    browser.find_element(By.CSS_SELECTOR, f"nav a[href='#{part}']").click()
    section = browser.find_element(By.ID, part)
    assert section.is_displayed()
    assert browser.execute_script("return location.hash") == f"#{part}"
    # The bar above it hides no heading.
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", section)
    bar = browser.execute_script("return document.querySelector('nav').getBoundingClientRect().bottom")
    scrolled = browser.execute_script("return scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
    assert top >= bar - 1 or scrolled


@pytest.mark.parametrize(
    ("state", "theme"),
    [
        ("well", "light"),
        ("well", "dark"),
        ("drifted", "dark"),
        ("drifted", "light"),
        ("unseen", "light"),
        ("hostile", "dark"),
    ],
)
def test_no_rule_of_accessibility_is_broken(browser, pages, state, theme):
    chromium.show(browser, pages[state], theme=theme)
    # What is folded and what pops up is read too.
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert chromium.violations(browser) == {}


def test_an_open_answer_breaks_no_rule_of_accessibility(browser, pages):
    chromium.show(browser, pages["well"])
    browser.find_element(By.CSS_SELECTOR, ".cell").click()
    assert chromium.violations(browser) == {}


@pytest.mark.parametrize(
    ("state", "width"),
    [("well", 360), ("well", 1280), ("well", 2560), ("drifted", 360), ("unseen", 360), ("hostile", 360)],
)
def test_nothing_is_wider_than_the_window(browser, pages, state, width):
    chromium.show(browser, pages[state], width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_themes_differ_and_the_graph_follows(browser, pages):
    seen = []
    for theme in THEMES:
        chromium.show(browser, pages["well"], theme=theme)
        seen.append(
            browser.execute_script(
                "return ['body', '.graph .paper', '.graph .name'].map(one => {"
                " const style = getComputedStyle(document.querySelector(one));"
                " return one === 'body' ? style.backgroundColor : style.fill })"
            )
        )
    assert all(light != dark for light, dark in zip(*seen, strict=True))


def test_by_keyboard_the_content_is_one_step_away_and_a_cell_opens_and_closes(browser, pages):
    chromium.show(browser, pages["well"])
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    cell = browser.find_element(By.CSS_SELECTOR, ".cell")
    opened = browser.find_element(By.ID, cell.get_attribute("popovertarget"))
    cell.send_keys(Keys.ENTER)
    assert opened.is_displayed()
    assert "expected allowed" in opened.text
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not opened.is_displayed()


def test_every_scrolling_table_is_reached_by_keyboard(browser, pages):
    chromium.show(browser, pages["well"], width=360)
    wide = browser.execute_script(
        "return [...document.querySelectorAll('*')].filter(one => one.scrollWidth > one.clientWidth + 1"
        " && getComputedStyle(one).overflowX === 'auto' && one.tabIndex < 0 && !one.querySelector('a,button'))"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_hostile_strings_run_nothing_and_load_nothing(browser, pages):
    chromium.show(browser, pages["hostile"])
    browser.get_log("browser")
    chromium.show(browser, pages["hostile"])
    assert browser.execute_script("return document.images.length + document.scripts.length") == 0
    assert browser.get_log("browser") == []
    assert "<img src=x" in browser.find_element(By.ID, "findings").text


def test_the_page_prints_on_a4_with_what_is_folded(browser, pages):
    chromium.show(browser, pages["well"])
    paper = {"preferCSSPageSize": True, "printBackground": False}
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    (box,) = set(re.findall(rb"/MediaBox \[0 0 (\d+)[\d.]* (\d+)[\d.]*\]", printed))
    # 210 mm by 297 mm, in points.
    assert tuple(map(int, box)) == (594, 841) or tuple(map(int, box)) == (595, 841)
    chromium.show(browser, pages["well"], width=688, media="print")
    folded = browser.execute_script("return document.querySelector('details table').getBoundingClientRect().height")
    assert folded > 0
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 688


def test_without_colours_a_wrong_cell_is_told_from_a_right_one(browser, pages):
    """By its sign, its word and its border."""
    chromium.show(browser, pages["well"])
    signs = {cell.text.split()[0] for cell in browser.find_elements(By.CSS_SELECTOR, ".cell")}
    assert signs == {"✓", "⊘"}
    style = "return getComputedStyle(document.querySelector('.cell')).borderTopStyle"
    right = browser.execute_script(style)
    browser.execute_script("document.querySelector('.cell').className = 'cell wrong'")
    assert (right, browser.execute_script(style)) == ("solid", "double")
