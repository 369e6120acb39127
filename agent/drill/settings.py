"""What a drill is asked to tell, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SALES_A_LANE = 10  # a small shop's lane; a day of 3 x 2 lanes is 60 receipts and 6 Z reports


class Plant(StrEnum):
    """A bug that is planted in the simulated world, to prove that the drill finds one."""

    LYING_DISK = "lying-disk"  # disks confirm syncs and forget the last commits when the power goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story: everything that happens follows from this."""

    seed: int
    days: int = 7
    stores: int = 3
    lanes: int = 2
    sales: int = SALES_A_LANE
    plant: Plant | None = None
    open_stores: int | None = None

    def command(self, only: tuple[int, ...] | None = None) -> str:
        """Return the command line that tells this story again; `only` names the faults that are left."""
        words = [f"tillstream drill --seed {self.seed} --days {self.days} --stores {self.stores}"]
        words.append(f"--lanes {self.lanes} --sales {self.sales}")
        if self.open_stores is not None:
            words.append(f"--open {self.open_stores}")
        if self.plant is not None:
            words.append(f"--plant {self.plant.value}")
        if only is not None:
            words.append(f"--only {','.join(map(str, only)) or 'none'}")
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that must hold and did not: which invariant, where, what was seen, and when in the story."""

    invariant: str
    where: str
    what: str
    at_s: float

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"invariant": self.invariant, "where": self.where, "what": self.what, "at_s": round(self.at_s, 3)}


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of a story."""

    story: Story
    sales: int = 0
    jobs: int = 0
    acknowledged: int = 0
    records: int = 0
    offers: int = 0
    coupons_taken: int = 0
    coupons_refused: int = 0
    questions: int = 0
    forks: int = 0
    starts: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    befell: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the story as the contract's JSON object."""
        story = self.story
        return {
            "seed": story.seed,
            "days": story.days,
            "stores": story.stores,
            "lanes": story.lanes,
            "sales": self.sales,
            "plant": story.plant.value if story.plant else None,
            "jobs": self.jobs,
            "acknowledged": self.acknowledged,
            "records": self.records,
            "offers": self.offers,
            "coupons_taken": self.coupons_taken,
            "coupons_refused": self.coupons_refused,
            "questions": self.questions,
            "forks": self.forks,
            "starts": self.starts,
            "faults": dict(sorted(self.faults.items())),
            "befell": dict(sorted(self.befell.items())),
            "violations": [each.to_json() for each in self.violations],
        }
