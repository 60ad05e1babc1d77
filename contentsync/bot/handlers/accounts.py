"""/connect and /topics: accounts, and what a person wants to read about."""

from aiogram import Router

router = Router(name="accounts")
