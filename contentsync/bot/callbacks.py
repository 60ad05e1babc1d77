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


class SaveItem(CallbackData, prefix="save"):
    """Keep the item at this position, or no longer."""

    digest_id: int
    position: int
    on: bool


class MuteCard(CallbackData, prefix="mutemenu"):
    """Ask what of the item at this position shall not be shown any more."""

    digest_id: int
    position: int


class ShowWhy(CallbackData, prefix="why"):
    """Say why the item at this position is there."""

    digest_id: int
    position: int


class Taste(CallbackData, prefix="taste"):
    """Ask for more (1) or less (-1) like the item at this position, or take that back (0)."""

    digest_id: int
    position: int
    value: int


class ShowDigest(CallbackData, prefix="back"):
    """Go back from a card to the digest as it was sent."""

    digest_id: int


class SavedPage(CallbackData, prefix="kept"):
    """Show a page of what the person saved, 0 is the first."""

    page: int
