"""Tells a story from beginning to end in a folder that is gone afterwards, and returns what came of it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.drill.faults import Fault, draw_faults
from agent.drill.folder import story_folder
from agent.drill.loop import StoryLoop
from agent.drill.ports import OpenHub, hub_side
from agent.drill.settings import Story, Told
from agent.drill.world import World


def faults_of(story: Story, only: tuple[int, ...] | None = None) -> tuple[Fault, ...]:
    """Return the faults of a story; `only` leaves those of these numbers."""
    faults = draw_faults(story.seed, days=story.days, stores=story.stores)
    return faults if only is None else tuple(each for each in faults if each.number in only)


def tell(
    story: Story, faults: tuple[Fault, ...], *, progress: Callable[[int], None] = lambda _day: None,
    hub: OpenHub | None = None,
) -> Told:  # fmt: skip
    """Tell one story; `progress` hears of every day that is over. `hub` makes another hub than the installed one."""
    with story_folder() as folder, _memory_tidied_at_night():
        loop = StoryLoop()
        asyncio.set_event_loop(loop)
        try:
            world = World(loop, story, faults, folder=folder, open_hub=hub or hub_side(), progress=progress)
            try:
                return loop.run_until_complete(world.tell())
            finally:
                loop.run_until_complete(world.close())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


@contextmanager
def _memory_tidied_at_night() -> Iterator[None]:
    """Let the story say when memory is looked through for cycles: at night (`World`), not at every few records."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
        gc.collect()
