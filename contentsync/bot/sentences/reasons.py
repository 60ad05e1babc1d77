"""What is said when something fails."""

REASONS = {
    "internal": "Something went wrong on my side. Please try again later.",
    "configuration": "This bot is not set up for that. Please tell its owner.",
    "already_running": "This bot is being restarted. Please try again in a minute.",
    "part_died": "This bot is being restarted. Please try again in a minute.",
    "credential": "I can no longer read something you sent me earlier. Please send it again.",
    "source": "I could not read {host}. Please try again later.",
    "invalid_link": "That is no link I can open. Send one that begins with https://, like https://example.org.",
    "link_with_password": "That link holds a user name or a password, and I keep none of those. "
    "Send the link without them.",
    "forbidden_port": "Nothing I can read is served at that port. Send the link without it, or the site's front page.",
    "bad_redirect": "{host} sends me on to an address I cannot open. Open the link in a browser and send the address "
    "it leads to.",
    "address_refused": "That link leads to a private or local address, and I open public ones only. Send a public one.",
    "unreachable": "{host} does not answer properly ({detail}). Check the spelling of the link, or try again later.",
    "name_not_found": "I find no host named {host}. Check the spelling of the link, or try again later.",
    "timed_out": "{host} is too slow: it did not answer in time. Try again later.",
    "too_large": "What {host} sends is too large for me (more than {limit_megabytes} MB). Send a link to its feed.",
    "too_many_redirects": "{host} sends me in circles. Open the link in a browser and send the address it leads to.",
    "refused": "{host} does not let me in (error {status}). If the page needs a login I cannot follow it; "
    "else send another page of the site.",
    "not_found": "There is nothing at that address (error {status}). Check the link, or send the site's front page.",
    "rate_limited": "{host} asks me to come less often (error {status}). Try again in a few minutes.",
    "server_failed": "The server of {host} answers with an error ({status}). Try again later.",
    "account_refused": "{host} does not accept that. Check what you sent, and try again.",
    "quota_spent": "The requests that {service} allows are spent. I go on by myself after {retry_at}.",
    "plan_exceeded": "The plan of your account at {host} does not cover that. I try again with less tomorrow.",
    "query_refused": "{host} cannot search for that ({detail}). Remove the topic and add it in other words.",
    "not_a_feed": "What I found there is {found}, not a feed. Send the site's front page, or a link to its RSS feed.",
    "no_feed_found": "I found no feed on that page. Send the site's front page or its blog, or a link to its RSS feed.",
    "site_without_feeds": "{site} has no feeds, so I cannot follow anything there. Send the author's own website, "
    "blog or YouTube channel; for a podcast, its page on Apple Podcasts.",
}
"""For each `reason_key` of `contentsync.errors`: what happened, and, in sentences of their own, what to do next."""

LASTING = frozenset({"quota_spent", "plan_exceeded", "query_refused"})
"""Reasons whose advice is about what is followed or connected already. The advice of all others is for somebody who
has just sent something, and would be wrong where we try again by ourselves."""
