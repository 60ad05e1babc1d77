"""The pages a person sees in a browser after signing in somewhere. They hold nothing that came with the request. Pure.

No script, no picture, nothing from elsewhere: the headers forbid all of it.
"""

import base64
import hashlib
import html
from dataclasses import dataclass

STYLE = """
:root { color-scheme: light dark; --ground: #f4f1ea; --card: #fffdf8; --ink: #23211c; --soft: #6b655a;
  --line: #e2dccf; --good: #2e7d4f; --bad: #b3541e; --button: #23211c; --on-button: #fffdf8; }
@media (prefers-color-scheme: dark) { :root { --ground: #16171a; --card: #1f2125; --ink: #ecebe7; --soft: #a3a199;
  --line: #33363c; --good: #6fcf97; --bad: #f2a365; --button: #ecebe7; --on-button: #16171a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--ground); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 25rem; padding: 2rem 1.5rem 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1.25rem; text-align: center; }
.mark { width: 3.5rem; height: 3.5rem; margin: 0 auto 1rem; border-radius: 50%; border: 2px solid; display: grid;
  place-items: center; font-size: 1.6rem; line-height: 1; color: var(--bad); }
.good { color: var(--good); }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1.5rem; color: var(--soft); text-wrap: pretty; }
a { display: block; padding: .8rem 1rem; border-radius: .8rem; background: var(--button); color: var(--on-button);
  font-weight: 600; text-decoration: none; }
a:focus-visible { outline: 3px solid var(--good); outline-offset: 2px; }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""The address of such a page holds a code, so it is neither kept nor told to whom a link leads."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says. `status` is the HTTP status it comes with."""

    status: int
    title: str
    text: str


CONNECTED = Page(
    200, "Thank you, you are signed in", "Your account is being connected. The chat tells you as soon as it is."
)
DECLINED = Page(
    403, "Nothing was connected", "You did not give consent, and that is fine. To try again, begin anew in the chat."
)
FAILED = Page(400, "Google could not sign you in", "It reported a problem. Please begin anew in the chat.")
UNKNOWN = Page(
    400, "This link leads nowhere", "It does not belong to a sign-in that was begun here. Please begin in the chat."
)
USED = Page(409, "This sign-in is done already", "The link works only once. The chat tells you how it went.")
EXPIRED = Page(410, "That took too long", "The link works for ten minutes only. Please begin anew in the chat.")
LATER = Page(503, "Almost there", "You are signed in, but I am not ready yet. Reload this page in a minute.")


def render(page: Page, chat_url: str = "") -> str:
    """The page as HTML, with the way back to the chat if that is known."""
    good = page.status == 200
    back = f'<a href="{html.escape(chat_url)}">Back to the chat</a>' if chat_url else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(page.title)} · contentsync</title><style>{STYLE}</style></head><body><main>"
        f'<div class="mark{" good" if good else ""}" aria-hidden="true">{"✓" if good else "!"}</div>'
        f"<h1>{html.escape(page.title)}</h1><p>{html.escape(page.text)}</p>{back}</main></body></html>"
    )
