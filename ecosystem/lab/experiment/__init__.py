"""Experiments: what is varied, by which design, how often, and what it will cost."""

from __future__ import annotations

from ecosystem.lab.experiment.design import Design
from ecosystem.lab.experiment.experiment import Experiment
from ecosystem.lab.experiment.factors import Factor
from ecosystem.lab.experiment.plan import Plan
from ecosystem.lab.experiment.stopping import Stop
from ecosystem.lab.experiment.variants import Variant

__all__ = ["Design", "Experiment", "Factor", "Plan", "Stop", "Variant"]
