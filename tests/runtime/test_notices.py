"""Notices of numbered pieces of work come in the order of the numbers."""

from __future__ import annotations

from causalspec.runtime.watch import NoticesInOrder, Unwatched


def test_notices_come_in_order_whichever_piece_is_done_first() -> None:
    told: list[str] = []
    watcher = Unwatched()
    watcher.notice = told.append
    notices = NoticesInOrder(watcher)
    for number in (2, 0):
        notices.of(number).notice(f"a of {number}")
        notices.of(number).notice(f"b of {number}")
        notices.done(number)
    assert told == ["a of 0", "b of 0"]
    notices.of(1)
    notices.done(1)
    assert told == ["a of 0", "b of 0", "a of 2", "b of 2"]
