"""What each feed in tests/data/feeds says, written by hand. All are served from `GOLDEN_URL`."""

from datetime import UTC, datetime

from contentsync.sources.base import Document, Entry, MediaKind

GOLDEN_URL = "https://feeds.example/dir/feed.xml"
_REL = 'rel="noopener noreferrer"'

GOLDENS = {
    "full.rss": Document(
        title="Harbour & Hill",
        site_url="https://harbour.example/",
        language="en-gb",
        ttl_minutes=45,
        skipped=1,
        entries=(
            Entry(
                external_id="harbour-1001",
                link="https://harbour.example/news/timetable?from=feed&v=2",
                title="Ferries & trains: the new timetable",
                summary_html=f'<p>More <a href="https://feeds.example/ferries" {_REL}>ferries</a>.</p>',
                author="Ada Marsh",
                published_at=datetime(2025, 3, 4, 7, 30, tzinfo=UTC),
                image_url="https://harbour.example/img/ferry.jpg",
                word_count=3,
            ),
            Entry(
                external_id="https://harbour.example/news/content",
                link="https://harbour.example/news/content",
                title="Only the content",
                summary_html='<p>Seen <img src="https://feeds.example/dir/images/hill.png" alt="the hill">'
                f" from <a {_REL}>here</a>.</p>",
                published_at=datetime(2025, 3, 3, 11, 0, tzinfo=UTC),
                image_url="https://feeds.example/dir/images/hill.png",
                word_count=4,
            ),
        ),
    ),
    "full.atom": Document(
        title="Werkstatt & Garten",
        site_url="https://werkstatt.example/",
        language="de",
        entries=(
            Entry(
                external_id="tag:werkstatt.example,2025:7",
                link="https://werkstatt.example/hochbeet",
                title="Ein Hochbeet aus Paletten",
                summary_html="Bretter &lt; 2 m reichen.",
                author="Grete Holz",
                published_at=datetime(2025, 2, 10, 17, 15, 30, tzinfo=UTC),
                updated_at=datetime(2025, 2, 11, 9, 0, tzinfo=UTC),
                image_url="https://werkstatt.example/hochbeet.jpg",
                word_count=3,
            ),
            Entry(
                external_id="tag:werkstatt.example,2019:3",
                link="https://werkstatt.example/archiv/alt",
                title="Nur geändert",
                summary_html=f'<p>Siehe <a href="https://werkstatt.example/archiv/neu" {_REL}>neu</a></p>',
                published_at=datetime(2019, 5, 1, tzinfo=UTC),
                updated_at=datetime(2019, 5, 1, tzinfo=UTC),
                word_count=2,
            ),
        ),
    ),
    "atom03_relative.xml": Document(
        title="Carnet d'été",
        site_url="https://old.example/blog/index.html",
        language="fr",
        entries=(
            Entry(
                external_id="tag:old.example,2005:42",
                link="https://old.example/blog/2005/07/deja-vu.html",
                title="Déjà vu",
                summary_html=f'<a href="https://old.example/photos/1.jpg" {_REL}>photo</a>',
                author="Zoé",
                published_at=datetime(2005, 7, 14, 9, 0, tzinfo=UTC),
                updated_at=datetime(2005, 7, 14, 12, 0, tzinfo=UTC),
                word_count=1,
            ),
        ),
    ),
    "rss10.rdf": Document(
        title="Triples",
        site_url="https://rdf.example/",
        language="en-us",
        ttl_minutes=30,
        entries=(
            Entry(
                external_id="https://rdf.example/1",
                link="https://rdf.example/1",
                title="First statement",
                summary_html="Subject, predicate, object.",
                author="T. Bell",
                published_at=datetime(2003, 6, 7, 8, 9, 10, tzinfo=UTC),
                updated_at=datetime(2003, 6, 7, 8, 9, 10, tzinfo=UTC),
                word_count=3,
            ),
        ),
    ),
    "podcast.rss": Document(
        title="Night Trains",
        site_url="https://nighttrains.example",
        language="en",
        entries=(
            Entry(
                external_id="nt-12",
                link="https://nighttrains.example/12",
                title="12: Vienna to Rome",
                summary_html="Fourteen hours in a couchette.",
                author="Ines Kern",
                published_at=datetime(2025, 1, 10, 5, 0, tzinfo=UTC),
                image_url="https://nighttrains.example/12.jpg",
                media_kind=MediaKind.PODCAST,
                media_url="https://cdn.example/nt/12.mp3?x=1",
            ),
            Entry(
                external_id="nt-11",
                link=None,
                title="11: without a page",
                summary_html="Audio only.",
                published_at=datetime(2025, 1, 3, 5, 0, tzinfo=UTC),
                media_kind=MediaKind.VIDEO,
                media_url="https://cdn.example/nt/11.m4v",
            ),
        ),
    ),
    "youtube.xml": Document(
        title="Slow Workshop",
        site_url="https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa",
        entries=(
            Entry(
                external_id="yt:video:abcdefghijk",
                link="https://www.youtube.com/watch?v=abcdefghijk",
                title="Sharpening a plane & more",
                summary_html="From dull to sharp.",
                author="Slow Workshop",
                published_at=datetime(2025, 1, 20, 15, 0, 11, tzinfo=UTC),
                updated_at=datetime(2025, 1, 21, 2, 3, 4, tzinfo=UTC),
                image_url="https://i1.ytimg.com/vi/abcdefghijk/hqdefault.jpg",
                media_kind=MediaKind.VIDEO,
            ),
        ),
    ),
    "full.json": Document(
        title="Brackets & Braces",
        site_url="https://braces.example/",
        language="en",
        skipped=1,
        entries=(
            Entry(
                external_id="7",
                link="https://feeds.example/posts/7",
                title="Commas <matter>",
                summary_html="a &lt; b",
                author="Bo",
                published_at=datetime(2024, 12, 24, 23, 0, tzinfo=UTC),
                updated_at=datetime(2024, 12, 25, tzinfo=UTC),
                image_url="https://braces.example/7.png",
                word_count=1,
            ),
            Entry(
                external_id="https://braces.example/8",
                link="https://elsewhere.example/",
                title="",
                summary_html="Two<br>lines &amp; more",
                author="Cy, Di",
                media_kind=MediaKind.PODCAST,
                media_url="https://braces.example/8.mp3",
            ),
        ),
    ),
    "broken_entities.rss": Document(
        title="Café & more",
        site_url="https://cafe.example",
        entries=(
            Entry(
                external_id="c-1",
                link="https://feeds.example/menu/creme",
                title="Crème & sugar",
                summary_html="<b>Sweet</b> &nbsp; and warm",
                published_at=datetime(2024, 2, 1, 18, 0, tzinfo=UTC),
                word_count=4,
            ),
        ),
    ),
}
