"""`tillstream drill`: break a simulated chain on purpose, and look whether anything was lost or counted twice.

Exit codes: 0 nothing was, 1 something was (the smallest story that shows it, and the command that repeats it, are
printed), 2 usage.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from agent.drill.run import faults_of, tell
from agent.drill.settings import SALES_A_LANE, Plant, Story, Told
from agent.drill.shrink import Smallest, shrink
from retail.errors import ConfigurationError

app = typer.Typer(add_completion=False)

SEED_BITS = 32
DAYS_MAX = 28  # retention takes paper away after 30 days, and the drill looks for all of it
EXIT_VIOLATION = 1


@app.command()
def drill(
    *,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Which story; drawn when not given.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="So many stories, from this seed on.")] = 1,
    days: Annotated[int, typer.Option("--days", min=1, max=DAYS_MAX, help="Simulated days.")] = 7,
    stores: Annotated[int, typer.Option("--stores", min=1, max=50, help="Simulated stores.")] = 3,
    lanes: Annotated[int, typer.Option("--lanes", min=1, max=12, help="Lanes of each store.")] = 2,
    sales: Annotated[int, typer.Option("--sales", min=1, max=500, help="Sales a lane and day.")] = SALES_A_LANE,
    open_stores: Annotated[
        int | None, typer.Option("--open", min=1, help="Open only the first so many stores.")
    ] = None,
    only: Annotated[str, typer.Option("--only", help="Numbers of the faults that befall; `none` for none.")] = "",
    plant: Annotated[
        Plant | None, typer.Option("--plant", help="Plant a bug in the world, to see the drill find it.")
    ] = None,
    shrinks: Annotated[bool, typer.Option("--shrink/--no-shrink", help="Look for the smallest story.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Break a simulated chain of stores and count what was lost, e.g. `tillstream drill --seed 7 --days 7`."""
    first = secrets.randbits(SEED_BITS) if seed is None else seed
    numbers = _numbers(only)
    results: list[dict[str, Any]] = []
    for each in range(first, first + seeds):
        story = Story(
            seed=each, days=days, stores=stores, lanes=lanes, sales=sales, plant=plant, open_stores=open_stores
        )
        results.append(_drilled(story, numbers, shrinks=shrinks, as_json=as_json))
    broken = [each for each in results if each["violations"]]
    if as_json:
        told: Any = (
            results[0] if seeds == 1 else {"stories": results, "broken_seeds": [each["seed"] for each in broken]}
        )
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif seeds > 1:
        typer.echo(f"{seeds} stories, {len(broken)} broken" + "".join(f" {each['seed']}" for each in broken))
    if broken:
        raise typer.Exit(EXIT_VIOLATION)


def _drilled(story: Story, only: tuple[int, ...] | None, *, shrinks: bool, as_json: bool) -> dict[str, Any]:
    """Tell one story, and the smallest that breaks in the same way; return what is printed as JSON."""
    faults = faults_of(story, only)
    began_s = time.perf_counter()
    with _bar(story, quiet=as_json) as progress:
        told = tell(story, faults, progress=progress)
    took_s = time.perf_counter() - began_s
    smallest = shrink(told, faults, tell=tell) if told.violations and shrinks else None
    if not as_json:
        _show(told, took_s, smallest)
    timing = {"took_s": round(took_s, 3), "s_per_day": round(took_s / story.days, 3)}
    return {**told.to_json(), "smallest": smallest and _smallest_json(smallest), "timing": timing}


def _smallest_json(smallest: Smallest) -> dict[str, Any]:
    return {
        "command": _command(smallest),
        "faults": [{"number": each.number, "what": each.told()} for each in smallest.faults],
        "violations": [each.to_json() for each in smallest.told.violations],
        "tries": smallest.tries,
    }


def _command(smallest: Smallest) -> str:
    """Return the command line that tells the smallest story; faults are drawn for the days it was shrunk to."""
    return smallest.story.command(tuple(each.number for each in smallest.faults))


def _show(told: Told, took_s: float, smallest: Smallest | None) -> None:
    story = told.story
    told_faults = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(told.faults.items()))
    typer.echo(
        f"seed {story.seed}: {story.days} days, {story.stores} stores of {story.lanes} lanes, {told.sales} sales, "
        f"{told.records} records, {told.offers} papers of ours; {took_s / story.days:.2f} s a day"
    )
    typer.echo(f"befell: {told_faults or 'nothing'}")
    if not told.violations:
        typer.echo("nothing lost, nothing twice")
        return
    for each in told.violations:
        typer.echo(f"BROKEN {each.invariant} at {each.where}: {each.what}")
    if smallest is not None:
        typer.echo(f"the smallest story that breaks in the same way ({smallest.tries} tried):")
        for fault in smallest.faults:
            typer.echo(f"  {fault.told()}")
        for each in smallest.told.violations:
            typer.echo(f"  -> {each.invariant} at {each.where}: {each.what}")
        typer.echo(f"repeat: {_command(smallest)}")


def _numbers(only: str) -> tuple[int, ...] | None:
    """Return the faults that were asked for; None for all. Raises ConfigurationError."""
    if not only:
        return None
    if only == "none":
        return ()
    try:
        return tuple(int(each) for each in only.split(","))
    except ValueError as error:
        raise ConfigurationError(
            f"--only {only!r}: no numbers", fix="e.g. --only 3,17, or --only none", code="usage"
        ) from error


class _bar:  # noqa: N801 - used like a function in `with`
    """Progress in days, on stderr; nothing where nobody looks."""

    def __init__(self, story: Story, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
        self._task = self._progress.add_task(f"seed {story.seed}", total=story.days)

    def __enter__(self) -> Callable[[int], None]:
        self._progress.start()
        return lambda day: self._progress.update(self._task, completed=day)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
