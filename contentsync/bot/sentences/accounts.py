"""What is said about accounts and topics."""

SENTENCES = {
    "delete_it_yourself": "I could not delete your message with the secret in it. Please delete it yourself.",
    "account_unreadable": "I can no longer read what I keep of your account <b>{account}</b>: this bot has another "
    "secret key now. Please connect it again; what you follow through it stays.",
}
