"""What is said about YouTube accounts."""

SENTENCES: dict[str, str] = {
    "youtube_none": "Connect your YouTube account, and I follow the channels you subscribe to: new ones come by "
    "themselves, and those you unsubscribe from go. I may only read your list, and nothing else.\n\n"
    "Without an account, paste a channel's link.",
    "youtube_missing": """<b>YouTube accounts are not set up here yet</b>

A channel's link works all the same: paste it.

To connect accounts, whoever runs this bot needs a Google OAuth client, once:
1. At console.cloud.google.com make a project and enable “YouTube Data API v3”.
2. Set up the consent screen with the scope youtube.readonly, and add yourself as a test user.
3. Under Credentials create an OAuth client ID of the type “Web application” with this redirect URI:
<code>{redirect_uri}</code>
4. Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, and start contentsync again.""",
    "youtube_sign_in": "Open Google with this button and allow me to read your subscriptions. "
    "It works once, for ten minutes.",
    "youtube_account": "<b>{account}</b>\n{state}\n{channels} followed, {left} left out by you",
    "youtube_ok": "Connected, last looked {ago} ago",
    "youtube_ok_new": "Connected, the list is about to be read",
    "youtube_trouble": "Connected, but the last look failed: {reason}",
    "youtube_ended": "No longer connected: Google does not accept the sign-in any more. Connect it again.",
    "youtube_quota": "Spent of what Google allows this bot in a day: {spent} of {limit}, counted anew from {time} UTC.",
    "youtube_connected": "Connected: <b>{account}</b>. I read your subscriptions now; /sources shows the channels in a "
    "moment, and /youtube what you can choose.",
    "youtube_not_connected": "YouTube is not connected. {cause} Send /youtube to begin again, and allow what Google "
    "asks you about.",
    "youtube_refused": "Google no longer lets me read your YouTube account <b>{account}</b>: the sign-in was revoked "
    "or has run out (after seven days, while the Google project is in testing). The channels stay; to hear of new "
    "ones, connect it again.",
    "youtube_confirm_disconnect": "Disconnect <b>{account}</b>? I give the sign-in back to Google. What about its "
    "{channels}?",
    "youtube_disconnected_kept": "Disconnected. The channels stay: /sources shows them.",
    "youtube_disconnected": "Disconnected. What came by it alone is no longer followed.",
    "youtube_gone": "That account is no longer connected. Send /youtube to see what is.",
    "youtube_channels": "<b>{account}</b>: channels, page {page} of {pages}",
    "youtube_no_channels": "<b>{account}</b> has no channels that I follow.",
    "youtube_channel": "<b>{title}</b>\nShorts: {shorts}\nLive streams: {live}",
    "channels": "{count} channels",
    "channels_one": "1 channel",
    "toast_reading_list": "Reading your list…",
}
