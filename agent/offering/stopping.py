"""What the chain has stopped in this store: read where the feed put it, with how long the hub has been silent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from retail.errors import ConfigurationError, TillstreamError
from retail.stops import Stops, stops_from

STOPS = "stops.json"
HEARD = "heard"  # an empty file of the feed (`sync.feed_files`); read by its name, because that module brings pydantic
BYTES_MAX = 1_000_000  # a thousand stops with a reason each


class StoreStops:
    """Used by core's loop; `now()` costs one look at a file's time."""

    def __init__(self, folder: Path, *, on_trouble: Callable[[TillstreamError], None]) -> None:
        self._folder = folder
        self._on_trouble = on_trouble
        self._stops = Stops()
        self._heard = str(folder / HEARD)
        self._heard_s = 0.0

    def reload(self) -> None:
        """Take what the feed brought. A file that cannot be read leaves the last good stops acting."""
        try:
            with (self._folder / STOPS).open("rb") as file:
                self._stops = Stops(stops=stops_from(json.loads(file.read(BYTES_MAX))))
            self._heard_s = 0.0
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            self._on_trouble(ConfigurationError(f"{STOPS}: {error}", fix="the next feed brings it again", code="stops"))
        except ConfigurationError as error:
            self._on_trouble(error)

    def now(self) -> Stops:
        """Return what is stopped, with the time the hub was last heard."""
        try:
            heard_s = os.stat(self._heard).st_mtime  # noqa: PTH116 - asked at every cut: a Path's own takes twice as long
        except OSError:
            self._heard_s = 0.0
            if self._stops.heard_at is not None:
                self._stops = replace(self._stops, heard_at=None)
            return self._stops
        if heard_s != self._heard_s:
            self._heard_s = heard_s
            self._stops = replace(self._stops, heard_at=datetime.fromtimestamp(heard_s, UTC))
        return self._stops
