# SPDX-License-Identifier: MIT
"""What is printed, and written to a JSON file: medians, spread, ratios within pairs, bounds."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load import Figures


class Report:
    """Prints as it goes; ``write`` keeps everything."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._bounds: list[dict[str, Any]] = []
        self._sections: dict[str, Any] = {}
        self._about = {
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "settings": dict(settings),
        }
        print("   ".join(f"{name} {value}" for name, value in self._about.items()))

    def title(self, text: str) -> None:
        """Begin a section."""
        print(f"\n{text}", flush=True)

    def table(
        self, section: str, names: Mapping[str, str], runs: Mapping[str, Sequence[Figures]]
    ) -> None:
        """A row each for what was measured in pairs: medians, and the spread behind them."""
        for row, figures in runs.items():
            median, p99, rate = (
                _Spread([get(run) for run in figures]) for get in (_median_ms, _p99_ms, _rate)
            )
            cpu = {
                name: statistics.median(run.cpu_us[name] for run in figures)
                for name in figures[0].cpu_us
            }
            print(f"  {names[row]:22} median {median:.2f} ms   p99 {p99:.2f} ms   {rate:,.0f} /s")
            if cpu:
                spent = ", ".join(f"{name} {value:.0f}" for name, value in cpu.items())
                print(f"  {'':22} processor, µs a message: {spent}")
                if (busy := cpu.get("client", 0.0) * rate.median / 1e6) > 0.9:
                    print(f"  {'':22} the client took {busy:.0%} of a core: the rate is its own")
            self._sections.setdefault(section, {})[row] = {
                "median_ms": median.as_json(),
                "p99_ms": p99.as_json(),
                "per_second": rate.as_json(),
                "cpu_us_per_message": cpu,
            }

    def values(self, section: str, values: Mapping[str, Sequence[float]]) -> None:
        """A line each: what it is with its unit, and its values."""
        for what, found in values.items():
            spread = _Spread(found)
            print(f"  {what:48} {spread:,.2f}")
            self._sections.setdefault(section, {})[what] = spread.as_json()

    def against(
        self,
        what: str,
        runs: Sequence[Figures],
        base: Sequence[Figures],
        *,
        latency: float,
        rate: float,
    ) -> None:
        """The bounds of two rows measured in pairs: at most and at least so often the base."""
        self.bound(
            f"{what}: median latency, × the relay's", _ratios(runs, base, _median_ms), latency
        )
        self.bound(f"{what}: rate, × the relay's", _ratios(runs, base, _rate), rate, at_most=False)

    def bound(
        self, what: str, values: Sequence[float], limit: float, *, at_most: bool = True
    ) -> None:
        """A required figure: the median of ``values`` against ``limit``."""
        spread = _Spread(values)
        good = spread.median <= limit if at_most else spread.median >= limit
        word, sign = "PASS" if good else "MISS", "≤" if at_most else "≥"
        print(f"  {word}  {what:48} {spread:,.2f}   required {sign} {limit:,g}")
        self._bounds.append(
            {"what": what, "required": f"{sign} {limit:g}", "result": word, **spread.as_json()}
        )

    def write(self, path: Path) -> None:
        """Everything as JSON."""
        found = {**self._about, "bounds": self._bounds, **self._sections}
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        missed = sum(bound["result"] == "MISS" for bound in self._bounds)
        print(f"\n{len(self._bounds) - missed} of {len(self._bounds)} required figures hold")


class _Spread:
    """The median of some values, the least and the greatest."""

    def __init__(self, values: Sequence[float]) -> None:
        self.median = statistics.median(values)
        self.low, self.high = min(values), max(values)

    def __format__(self, spec: str) -> str:
        return f"{self.median:{spec}} ({self.low:{spec}}..{self.high:{spec}})"

    def as_json(self) -> dict[str, float]:
        """Rounded: more digits than these mean nothing."""
        found = {"median": self.median, "min": self.low, "max": self.high}
        return {name: round(value, 4) for name, value in found.items()}


def _ratios(
    runs: Sequence[Figures], base: Sequence[Figures], get: Callable[[Figures], float]
) -> list[float]:
    return [get(run) / get(beside) for run, beside in zip(runs, base, strict=True)]


def _median_ms(run: Figures) -> float:
    return run.median_ms


def _p99_ms(run: Figures) -> float:
    return run.p99_ms


def _rate(run: Figures) -> float:
    return run.rate
