"""The buttons of accounts, and the data they carry (64 bytes at most; aiogram checks)."""

from aiogram.filters.callback_data import CallbackData


class Connect(CallbackData, prefix="connect"):
    """Connect an account of this kind."""

    kind: str
