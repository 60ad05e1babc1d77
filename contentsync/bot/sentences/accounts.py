"""What is said about accounts and topics."""

SENTENCES = {
    "delete_it_yourself": "I could not delete your message with the secret in it. Please delete it yourself.",
}
