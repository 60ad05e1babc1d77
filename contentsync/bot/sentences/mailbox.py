"""What is said about mailboxes and newsletters."""

SENTENCES: dict[str, str] = {
    # Connecting a mailbox
    "ask_mailbox_address": "Which mailbox do your newsletters come to? Send its address, like me@example.org. "
    "I only read it, and keep nothing but the newsletters you choose. /cancel leaves it.",
    "ask_mailbox_address_again": "I cannot read that as an address. Send one like me@example.org, or with its server: "
    "me@example.org imap.example.org:993. /cancel leaves it.",
    "ask_mailbox_app_password_at": "{provider} wants an app password here, not your usual one. Make one at {page} "
    "and send it to me. I delete your message at once and keep the password encrypted. /cancel leaves it.",
    "ask_mailbox_password_at": "Send me the password of that mailbox. {provider} may want you to allow IMAP first, "
    "and with two-factor sign-in an app password: both are in the settings at {page}. "
    "I delete your message at once and keep the password encrypted. /cancel leaves it.",
    "ask_mailbox_password": "Send me the password of that mailbox. If its provider makes app passwords, send one of "
    "those. I delete your message at once and keep the password encrypted. /cancel leaves it.",
    "ask_mailbox_password_guessed": "Send me the password of that mailbox. If its provider makes app passwords, send "
    "one of those. I delete your message at once and keep the password encrypted. /cancel leaves it.\n\n"
    "I look for the mailbox at the usual names of its server (imap. and mail. before the domain). If yours has "
    "another name, /cancel and begin again with address and server: me@example.org post.example.org:993.",
    "ask_mailbox_password_again": "That is too long for a password. Send the password alone, or /cancel.",
    "mailbox_begin_again": "I no longer have the address to that password. Begin again with /newsletters.",
    "mailbox_oauth_only": "{provider} no longer lets programs read mail with a password, and I cannot sign in to it "
    "any other way. Let your newsletters be forwarded to a mailbox elsewhere, and connect that one.",
    "mailbox_bridge": "{provider} can be read only through its Bridge on your own computer, which I cannot reach. "
    "Let your newsletters be forwarded to a mailbox elsewhere, and connect that one.",
    "mailbox_no_imap": "{provider} does not let other programs read its mail. "
    "Let your newsletters be forwarded to a mailbox elsewhere, and connect that one.",
    "expired_mailbox_address": "I no longer wait for the address. /newsletters begins again.",
    "expired_mailbox_password": "I no longer wait for the password. /newsletters begins again.",
    "mailbox_connected": "Connected: {account}. I look for newsletters in it now, and then every 15 minutes, and ask "
    "you about each once. /newsletters shows them. I never delete, move or mark a mail.",
    "mailbox_not_connected": "I could not open that mailbox. {reason}\n\nIf you sent your usual password, the mailbox "
    "may want an app password, or IMAP may have to be allowed in its settings.",
    "mailbox_refused": "I can no longer open {account}: its server does not accept the password any more. "
    "Its newsletters rest until you connect it again.",
    # What is found
    "newsletter_found": "A newsletter in {account}: <b>{names}</b>. Shall I bring it into your digest?",
    "newsletters_found": "{count} newsletters in {account}: <b>{names}</b>. Which shall I bring into your digest?",
    "newsletters_found_more": "{count} newsletters in {account}: <b>{names}</b> and {more} more. "
    "Which shall I bring into your digest?",
    "newsletter_confirm": "<b>{name}</b> asks you to confirm your subscription. If you have just subscribed, open its "
    "page at {host}; otherwise leave it. I do not open it.",
    # The list
    "no_mailbox": "No mailbox is connected. Connect the one your newsletters come to, and they become part of your "
    "digest. I only read it, and keep nothing but the newsletters you choose.",
    "newsletters_head": "<b>Newsletters</b>",
    "newsletters_page": "<b>Newsletters</b>, page {page} of {pages}",
    "mailbox_fine": "{account}: fine, last looked {ago} ago",
    "mailbox_waiting": "{account}: not looked at yet",
    "mailbox_trouble": "{account}: {reason}",
    "mailbox_is_refused": "{account}: its server does not accept the password any more. Connect it again.",
    "no_newsletters": "No newsletter has come in the last two weeks. I tell you when one does.",
    "newsletter_line": "{number}. <b>{title}</b>\n{state}",
    "newsletter_offered": "not decided yet",
    "newsletter_followed": "in your digest",
    "newsletter_left": "not in your digest",
    "newsletter_unsubscribed": "unsubscribed",
    # Following and leaving
    "newsletter_following": "Following <b>{title}</b>. {count} issues now; new ones come with your digest.",
    "newsletter_following_one": "Following <b>{title}</b>. One issue now; new ones come with your digest.",
    "newsletter_following_soon": "Following <b>{title}</b>. Its issues come with your digest.",
    "newsletter_leave_offer": "You no longer follow <b>{title}</b>, but it still comes to your mailbox. I can ask "
    "{host} to take you off the list. I do not check the signature of its mails, so do that only if you know "
    "the newsletter.",
    "newsletter_leave_page": "You no longer follow <b>{title}</b>, but it still comes to your mailbox. "
    "Its own page takes you off the list.",
    "newsletter_leave_mail": "You no longer follow <b>{title}</b>, but it still comes to your mailbox. To be taken off "
    "the list, send a mail to {address}{subject}.",
    "newsletter_leave_subject": " with the subject “{subject}”",
    "newsletter_left_list": "Done: {host} says you are off the list of <b>{title}</b>. "
    "One more issue may be under way.",
    "newsletter_not_left_list": "That did not work: you are still on the list of <b>{title}</b>. {reason} "
    "Its mails have a link to unsubscribe, too.",
    "newsletter_gone": "That newsletter is no longer there. /newsletters shows the ones that are.",
}
