"""What is told of an item in short."""

import os
import time
from pathlib import Path

import pytest

from contentsync.errors import NotAFeed
from contentsync.processor.summaries import (
    OWN_CHARACTERS,
    TWO_SENTENCES_CHARACTERS,
    own_paragraphs,
    summary_of,
)
from contentsync.sources.base import Fetched
from contentsync.sources.feed import FeedSource

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "../shared/corpus")) / "feeds"


def told(markup: str, title: str = "", *, site: str = "", language: str | None = "en") -> str:
    return summary_of(title, own_paragraphs(markup, title=title, site=site), language=language)


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        ("", ""),
        ("plain  words\n\there", "plain words here"),
        ("<p>one</p><p>two</p>", "one two"),
        ("<ul><li>one<li>two</ul>three<br/>four", "one two three four"),
        ("an <b>em</b>phasis", "an emphasis"),
        ("<p>The harbour opens in May</p><p>Ferries run again</p>", "The harbour opens in May · Ferries run again"),
        ("<p>The harbour opens in May.</p><p>Ferries run again</p>", "The harbour opens in May. Ferries run again"),
        ("Q&amp;A &#8211; caf&eacute;", "Q&A – café"),
        ("a < b, <i>unclosed", "a < b, unclosed"),
        ("AT&T", "AT&T"),
        ("<p>&nbsp;</p>", ""),
        ('<img src="x" alt="a > b">after', "after"),
        ("<h2>Ferries</h2><p>They run.</p><pre>x = 1</pre>", "They run."),
        ("<h2>Ferries run again</h2>", "Ferries run again"),
        ('The &lt;a href="x"&gt;pier&lt;/a&gt; is open.', "The pier is open."),
        ("See [the guide](https://example.org/guide) first.", "See the guide first."),
    ],
)
def test_plain_text_of_markup(markup: str, summary: str) -> None:
    assert told(markup) == summary


TOLD = "The harbour opens in May."


@pytest.mark.parametrize(
    "machine",
    [
        "<p>The post <a>Harbour news</a> appeared first on <a>Harbour &amp; Hill</a>.</p>",
        " […] The post Harbour news: what? appeared first on Harbour.",
        "<p>Der Beitrag Neues vom Hafen erschien zuerst auf Hafen.de.</p>",
        "<p>L’article Le port est apparu en premier sur Le Port.</p>",
        "<p>La entrada El puerto se publicó primero en Puerto.</p>",
        "<p>投稿 港のお知らせ は 港 に最初に表示されました。</p>",
        "<p>Harbour news was originally published in Hill on Medium, where people are continuing the conversation by"
        " highlighting and responding to this story.</p>",
        "<p>Continue reading...</p>",
        " Continue reading Harbour news &rarr;",
        " <a>Read more</a>",
        " Weiterlesen »",
        "<br/> submitted by <a>/u/someone</a> <br/><span>[link]</span> <span>[comments]</span>",
        "<br>[link] [529 comments]",
        "<p>Article URL: <a>https://example.org/</a></p><p>Comments URL: <a>https://example.com/1</a></p>"
        "<p>Points: 12</p><p># Comments: 3</p>",
        "<p>Comments</p>",
        "<p>Share this:</p><ul><li>Click to share on X (Opens in new window)</li><li>Mastodon</li></ul>",
        "<p>Reply via email</p>",
        "<p>Enjoyed the article? Subscribe to my RSS feed :D</p>",
        "<p>View this email in your browser</p>",
        "<p>You are receiving this because you signed up.</p><p>© 2025 Harbour &amp; Hill</p>",
        "<p>Articles en rapport</p><ul><li>Une autre chose</li></ul>",
        "<p>Photo: Ada Marsh</p>",
        "<p>Posted by Ada Marsh, Harbour Master</p>",
        "<p>My camera: https://example.org/camera</p>",
        "<p>Harbour &amp; Hill</p>",
        " | Harbour &amp; Hill",
        "<p>--</p>",
    ],
)
def test_what_machines_put_behind_is_taken_out(machine: str) -> None:
    assert told(
        f"<p>{TOLD}</p>{machine}" if machine[0] == "<" else f"<p>{TOLD}{machine}</p>", site="Harbour & Hill"
    ) in (
        TOLD,
        f"{TOLD.rstrip('.')}.",
    )


@pytest.mark.parametrize(
    "before",
    [
        "<p>View this email in your browser</p>",
        "<p>Harbour news of the week</p>",
        "Harbour news of the week: ",
        "LONDON, Feb 17 (Reuters) - ",
    ],
)
def test_what_stands_before_is_taken_out(before: str) -> None:
    assert told(f"{before}{TOLD}", "Harbour news of the week") == TOLD


@pytest.mark.parametrize(
    ("title", "markup", "summary"),
    [
        ("Mozilla", "Mozilla has a new browser.", "Mozilla has a new browser."),
        ("A day", "The post office, which appeared first on maps in 1850, is closed.", None),
        ("A day", "By the way: photos are in the museum now.", None),
        ("A day", "Comments are closed, says the council, which is tired of them.", None),
    ],
)
def test_what_a_person_wrote_stays(title: str, markup: str, summary: str | None) -> None:
    assert told(markup, title) == (summary or markup)


@pytest.mark.parametrize(
    ("title", "markup"),
    [
        ("v3.8.7", "<p>3.8.7</p>"),
        ("The First Episode", "<div>The first episode</div>"),
        ("Ask: which boat?", "<a href='https://example.com/1'>Comments</a>"),
        ("Picture", '<img src="https://example.org/1.png">'),
        ("Video", "https://example.org/watch"),
    ],
)
def test_nothing_better_than_the_title_is_nothing(title: str, markup: str) -> None:
    assert told(markup, title) == ""


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        (
            "The harbour opens in May. The first ferry leaves at six [&#8230;]",
            "The harbour opens in May. The first ferry leaves at six…",
        ),
        (
            "The harbour opens in May, and then everybody who wants to go can go. The first [...]",
            "The harbour opens in May, and then everybody who wants to go can go.",
        ),
        ("Le port ouvre en mai (...) - Nouvelles / Ports", "Le port ouvre en mai…"),
        ("Whole sentences end here. […]", "Whole sentences end here."),
    ],
)
def test_a_text_that_was_cut_ends_with_a_sentence_or_says_so(markup: str, summary: str) -> None:
    assert told(markup) == summary


ENGLISH = """<p>The city council voted on Tuesday to close Harbour Bridge for two years.</p>
<p>Dr. Marsh of the U.S. Bridge Office said the piers had lost 3.5 cm of concrete. Divers found the damage in May.
“We had no choice,” she said.</p><p>Ferries will carry people across the harbour while the bridge is closed. They leave
every 20 minutes and cost nothing.</p><p>Is that
enough? People on the other side of the water, who have no school and no shop of their own, do not think that it is.</p>
<p>The council wants to sell the old toll house. Its roof
leaks. A museum has asked for it, and a school, and an artist who paints gulls, whose name nobody wanted to
give.</p><p>Subscribe to our newsletter for more news of the bridge and of the council.</p>"""
GERMAN = (
    "<p>Der Stadtrat hat am 3. Mai beschlossen, die Hafenbrücke für zwei Jahre zu sperren. Das sagte Bürgermeister Dr."
    " Holz z. B. der Zeitung. Taucher fanden die Schäden im Winter.</p>"
    + "<p>Fähren fahren. Das Wetter ist gut.</p>"
    * 20
)
CHINESE = (
    "<p>市议会星期二决定将港口大桥关闭两年。潜水员五月份发现桥墩受损严重。</p><p>大桥关闭期间，渡轮将免费运送市民过港。“我们别无选择！”市长说。"
    "</p>" + "<p>市民们在码头上排队等候，天气很好，大家都很高兴，孩子们在唱歌，老人们在聊天。</p>" * 8
)


def test_two_sentences_of_a_full_text() -> None:
    summary = told(ENGLISH, "Harbour Bridge will be closed")
    assert summary.startswith("The city council voted on Tuesday to close Harbour Bridge for two years.")
    assert "Ferries will carry people across the harbour while the bridge is closed." in summary
    assert " … " in summary, "something between the two is left out"
    assert len(summary) <= TWO_SENTENCES_CHARACTERS


def test_sentences_are_found_in_their_language() -> None:
    german = told(GERMAN, "Hafenbrücke gesperrt", language="de")
    assert german.startswith("Der Stadtrat hat am 3. Mai beschlossen, die Hafenbrücke für zwei Jahre zu sperren.")
    chinese = told(CHINESE, "港口大桥关闭两年", language="zh")
    assert chinese.startswith("市议会星期二决定将港口大桥关闭两年。")
    assert len(chinese) <= TWO_SENTENCES_CHARACTERS // 2


def test_text_without_sentences_is_cut_at_a_word() -> None:
    summary = told("<p>" + "words without end " * 100 + "</p>")
    assert summary.endswith("…")
    assert len(summary) <= TWO_SENTENCES_CHARACTERS


@pytest.mark.parametrize(
    "hostile",
    ["<p" * 50_000, "The post " * 5_000, "[" * 20_000, "</pre><pre>" * 5_000, "a.) " * 5_000, '<a x="' * 5_000],
)
def test_no_text_takes_long(hostile: str) -> None:
    began = time.process_time()
    told(hostile, "The post")
    assert time.process_time() - began < 0.5


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS")
def test_real_feeds() -> None:
    remarks = ("appeared first on", "continue reading", "[link]", "submitted by /u/", "read more", "comments url:")
    count = 0
    for path in sorted(CORPUS.glob("[fnr]*/*")):
        try:
            document = FeedSource().parse(Fetched("https://example.org/feed", 200, (), path.read_bytes(), ""))
        except NotAFeed:
            continue
        for entry in document.entries:
            summary = told(entry.summary_html, entry.title, site=document.title)
            assert len(summary) <= OWN_CHARACTERS
            assert summary.casefold() not in entry.title.casefold() or not summary
            assert not any(summary.casefold().endswith((remark, f"{remark}.")) for remark in remarks), summary
            count += bool(summary)
    assert count > 500
