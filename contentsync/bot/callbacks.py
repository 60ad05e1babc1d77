"""What the buttons of digests and cards carry: at most 64 bytes each, which aiogram enforces."""

from aiogram.filters.callback_data import CallbackData


class ShowCard(CallbackData, prefix="card"):
    """Open the item at this position of a digest."""

    digest_id: int
    position: int


class RateItem(CallbackData, prefix="rate"):
    """Set what the person thinks of the item at this position: 1 liked, -1 disliked, 0 neither.

    It names the wish, not the change, so that a tap that is handled twice has one effect.
    """

    digest_id: int
    position: int
    value: int


class ShowDigest(CallbackData, prefix="back"):
    """Go back from a card to the digest as it was sent."""

    digest_id: int
