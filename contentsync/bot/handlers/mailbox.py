"""Mailboxes: the newsletters in them, accepted one by one."""

from aiogram import Router

router = Router(name="mailbox")
