"""mrkdwn and plain text as the page shows them: Slack's rules for marks, mentions, moments, links and code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.gallery import Gallery, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FRIDAY_EVENING = 1_795_199_100  # 2026-11-20 18:25 UTC
NEW_YEAR = 1_767_223_800  # 2025-12-31 23:30 UTC


@pytest.fixture(scope="module")
def gallery_page(chromium: Browser) -> Iterator[Gallery]:
    with opened(chromium) as page:
        yield page


@pytest.fixture
def gallery(gallery_page: Gallery) -> Iterator[Gallery]:
    gallery_page.call("clear")
    yield gallery_page
    assert gallery_page.problems == []


MARKED = {
    "*bold* _it_ ~gone~ `code`": "b[bold] i[it] s[gone] code[code]",
    "*bold _and it_*": "b[bold i[and it]]",
    "_*both*_": "i[b[both]]",
    "*`label`*": "b[code[label]]",
    "snake_case_name 2*3*4 a~b~c": "snake_case_name 2*3*4 a~b~c",
    "2 * 3 * 4": "2 * 3 * 4",
    "* not bold*": "* not bold*",
    "*not bold *": "*not bold *",
    "(*in brackets*), *end*.": "(b[in brackets]), b[end].",
    "*not\nbold*": "*not\nbold*",
    "** __ ~~ ``": "** __ ~~ ``",
    "*open": "*open",
    "`*plain* _here_ :key:`": "code[*plain* _here_ :key:]",
    "*a `*` b*": "b[a code[*] b]",
    "one\ntwo\n\nthree": "one\ntwo\n\nthree",
    "> said\n> twice\nafter": "quote[said\ntwice]after",
    "&gt; said": "quote[said]",
    "before\n>>> all\nof it": "beforequote[all\nof it]",
    "5 &gt; 3": "5 > 3",
    "• one\n• *two*": "• one• b[two]",
    "```make *test*\nrun```": "pre[make *test*\nrun]",
    "see ```a``` then": "see pre[a] then",
    "Fish &amp; chips &lt;b&gt;": "Fish & chips <b>",
    "&amp;lt; stays": "&lt; stays",
    "`&lt;@U0ANA&gt;`": "code[<@U0ANA>]",
    ":tada: done :no_such: 10:30:15": "🎉 done :no_such: 10:30:15",
    ":wave::skin-tone-3:": "👋",
}


@pytest.mark.parametrize(("typed", "shown"), MARKED.items())
def test_marks_mean_what_they_mean_in_slack(gallery: Gallery, typed: str, shown: str) -> None:
    assert gallery.call("mrkdwn", typed) == shown


REFERENCES = {
    "<@U0OMAR> agrees": "mention[@Omar] agrees",
    "<@U0GONE|gone>": "mention[@gone]",
    "<@U0GONE>": "mention[@U0GONE]",
    "<#C0SEARCH>": "mention[#search]",
    "<#C0OLD|old>": "mention[#old]",
    "<!here> <!channel> <!everyone>": "mention[@here] mention[@channel] mention[@everyone]",
    "<!subteam^S0OPS|@ops>": "mention[@ops]",
    "<https://example.com/?a=1&amp;b=2|the *page*>": "a[the *page*]",
    "<https://example.com>": "a[https://example.com]",
    "<mailto:ana@example.com|write>": "a[write]",
    "see https://example.com/a_b_c.": "see a[https://example.com/a_b_c].",
    "*<@U0OMAR>*": "b[mention[@Omar]]",
    "`<@U0OMAR>`": "code[@Omar]",
}


@pytest.mark.parametrize(("typed", "shown"), REFERENCES.items())
def test_references_show_names_and_labels(gallery: Gallery, typed: str, shown: str) -> None:
    assert gallery.call("mrkdwn", typed) == shown


HOSTILE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">': '<img src=x onerror="alert(1)">',
    "<javascript:alert(1)|click>": "click",
    "<javascript:alert(1)>": "javascript:alert(1)",
    "<data:text/html,x|click>": "click",
    "<vbscript:x|click>": "click",
    "<https://|click>": "click",
    "&lt;!channel&gt;": "<!channel>",
    "&lt;@U0ANA&gt;": "<@U0ANA>",
    "<!date^1^{date}^javascript:alert(1)|then>": "time[January 1st, 1970]",
    "<!date^soon^{date}|then>": "then",
}


@pytest.mark.parametrize(("typed", "shown"), HOSTILE.items())
def test_hostile_text_stays_text(gallery: Gallery, typed: str, shown: str) -> None:
    assert gallery.call("mrkdwn", typed) == shown
    assert gallery.page.locator("#stage :is(script, img, a)").count() == 0


def test_links_open_elsewhere_and_tell_nothing(gallery: Gallery) -> None:
    gallery.call("mrkdwn", "<https://example.com/x|here>")
    link = gallery.page.get_by_role("link", name="here")
    assert link.get_attribute("href") == "https://example.com/x"
    assert link.get_attribute("rel") == "noreferrer noopener"
    assert link.get_attribute("target") == "_blank"


def test_addresses_stay_text_where_the_bot_said_verbatim(gallery: Gallery) -> None:
    words = {"type": "mrkdwn", "text": "at https://example.com", "verbatim": True}
    assert gallery.call("text", words) == "at https://example.com"
    assert gallery.call("text", words | {"verbatim": False}) == "at a[https://example.com]"


def test_plain_text_has_only_emoji_and_line_breaks(gallery: Gallery) -> None:
    words = {"type": "plain_text", "text": "*a* <b> <https://example.com|x> &lt;c&gt;\n:key:"}
    assert gallery.call("text", words) == "*a* <b> <https://example.com|x> <c>\n🔑"
    assert gallery.call("text", words | {"text": ":key:", "emoji": False}) == ":key:"


def test_one_line_of_plain_words_for_titles(gallery: Gallery) -> None:
    assert (
        gallery.call("plain", "*Hello* <@U0OMAR>,\nsee <https://example.com|this> :key:") == "Hello @Omar, see this 🔑"
    )


FORMS = {
    "{date_num} {time}": ("2026-11-20 18:25", "2026-11-21 03:25"),
    "{date_short_pretty} {time}": ("Today 18:25", "Today 03:25"),
    "{date_short}": ("Nov 20", "Nov 21"),
    "{date}": ("November 20th", "November 21st"),
    "{date_long}": ("Friday, November 20th", "Saturday, November 21st"),
    "{date_long_pretty} at {time_secs}": ("Today at 18:25:00", "Today at 03:25:00"),
    "{ago}": ("5 minutes ago", "5 minutes ago"),
}


@pytest.mark.parametrize(("form", "shown"), FORMS.items())
def test_moments_are_told_in_each_readers_time_zone(gallery: Gallery, form: str, shown: tuple[str, str]) -> None:
    token = f"<!date^{FRIDAY_EVENING}^{form}|then>"
    for zone, text in zip(("UTC", "Asia/Tokyo"), shown, strict=True):
        assert gallery.call("mrkdwn", token, {"timeZone": zone, "now": "2026-11-20T18:30:00Z"}) == f"time[{text}]"


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-19T23:00:00Z", "tomorrow"),
        ("2026-11-21T01:00:00Z", "yesterday"),
        ("2026-11-22T01:00:00Z", "Nov 20"),
        ("2027-11-22T01:00:00Z", "Nov 20, 2026"),
    ],
)
def test_moments_are_told_against_the_playgrounds_clock(gallery: Gallery, now: str, shown: str) -> None:
    text = f"until <!date^{FRIDAY_EVENING}^{{date_short_pretty}}|then>"
    assert gallery.call("mrkdwn", text, {"timeZone": "UTC", "now": now}) == f"until time[{shown}]"


def test_the_year_turns_in_the_readers_zone(gallery: Gallery) -> None:
    token = f"<!date^{NEW_YEAR}^{{date_num}}|then>"
    assert gallery.call("mrkdwn", token, {"timeZone": "UTC"}) == "time[2025-12-31]"
    assert gallery.call("mrkdwn", token, {"timeZone": "Europe/Madrid"}) == "time[2026-01-01]"


def test_a_mention_of_the_reader_stands_out_and_opens_their_profile(gallery: Gallery) -> None:
    gallery.call("mrkdwn", "<@U0ANA> and <@U0OMAR> in <#C0SEARCH>")
    mine = gallery.page.get_by_role("button", name="@Ana")
    other = gallery.page.get_by_role("button", name="@Omar")
    colours = [one.evaluate("(node) => getComputedStyle(node).backgroundColor") for one in (mine, other)]
    assert colours[0] != colours[1]
    other.click()
    gallery.page.get_by_role("button", name="#search").click()
    assert gallery.get("opened") == ["U0OMAR", "C0SEARCH"]


def test_code_is_copied_exactly(gallery: Gallery) -> None:
    gallery.call("mrkdwn", '```export A="x"\n  echo &lt;$A&gt; &amp;&amp; true```')
    gallery.page.get_by_role("button", name="Copy").click()
    expect(gallery.page.get_by_role("button", name="Copied")).to_be_visible()
    assert gallery.page.evaluate("navigator.clipboard.readText()") == 'export A="x"\n  echo <$A> && true'


def test_code_is_copied_where_the_clipboard_is_closed_to_scripts(gallery: Gallery) -> None:
    gallery.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    gallery.call("mrkdwn", "```sk-1```")
    gallery.page.get_by_role("button", name="Copy").click()
    expect(gallery.page.get_by_role("button", name="Copied")).to_be_visible()
    assert gallery.page.evaluate("navigator.clipboard.readText()") == "sk-1"
