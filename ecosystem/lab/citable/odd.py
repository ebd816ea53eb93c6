"""The model in the form of the ODD protocol (Grimm et al. 2020), written from its registries."""

from __future__ import annotations

from ecosystem.lab.experiment.plan import Plan
from ecosystem.lab.model import ROOT, model_digest

FULL = ROOT / "docs" / "model.md"
PURPOSE = (
    "To compare intellectual-property and innovation policies of jurisdictions: where, when and at what cost a measure would "
    "help, and what it would break. It is no forecast. Patterns it is judged by: stylized facts of patenting, examination, "
    "licensing, litigation and R&D, and natural experiments with a known sign."
)


def odd(plan: Plan) -> str:
    """Return the ODD document for an experiment: short, from the registries, in seven elements."""
    import ecosystem.world as world
    from ecosystem.domain.indicators import INDICATORS
    from ecosystem.kernel.schedule import PHASES, Schedule
    from ecosystem.kernel.table import Table
    from ecosystem.scenario import declared_parameters, known_measures
    from policies.places import known_places, lever_specs

    assert world
    c = plan.content
    lines = [
        "# ODD protocol",
        "",
        f"Experiment {plan.id}, model `{plan.model}`; written from model `{model_digest()}`.",
        "",
    ]
    lines += ["## 1 Purpose and patterns", "", PURPOSE, "", "## 2 Entities, state variables and scales", ""]
    for kind in sorted(Table.__subclasses__(), key=lambda k: k.__name__):
        claim = " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())
        lines.append(f"- **{kind.__name__}**: {claim} State: {', '.join(kind.columns)}.")
    lines += [
        "", f"One step is a month; {c['burn_in_years']} years of burn-in, {c['years']} years reported from "
        f"{c['start_year']}. One simulated object stands for {c['scale']:g} real ones. Places: "
        f"{', '.join(c['jurisdictions'])} and the rest of the world, with territories and regions.",
        "", "## 3 Process overview and scheduling", "", "Each month, in this order:", "",
    ]  # fmt: skip
    month = Schedule()
    for number, phase in enumerate(PHASES, 1):
        rules = [e for e in month.entries if e.phase == phase]
        if rules:
            lines.append(f"{number}. **{phase}**")
        for entry in rules:
            claim = " ".join((entry.rule.__doc__ or "").strip().split("\n\n")[0].split())
            lines.append(f"   - `{entry.name}`: {claim}")
    lines += [
        "", "## 4 Design concepts", "",
        "- *Emergence*: quantities of inventions, rights, deals, disputes and their values result from decisions of agents.",
        "- *Sensing*: agents see prices, queues, published rights and their own experience; they read levers (rules of a "
        "place), and never know that a measure exists.",
        "- *Interaction*: on markets for products, technology, researchers and money; in offices and courts.",
        "- *Stochasticity*: each draw is a function of seed, purpose, month and identity of the actor, so that runs which "
        "differ in one rule share all other luck.",
        f"- *Observation*: {len(INDICATORS)} indicators by month and place; kept here: {', '.join(c['outputs'])}.",
        "", "## 5 Initialization", "",
        "Populations are drawn from the figures of each place in the base year; the burn-in lets queues, portfolios and "
        "money settle. Values in use: `parameters.csv`.",
        "", "## 6 Input data", "",
        f"{len(known_places()) - 1} places and the rest of the world as data, each value with source and year; "
        f"{len(lever_specs())} levers a place; {len(declared_parameters())} parameters with unit, range and source.",
        "", "## 7 Submodels", "",
        f"The rules above; equations and sources in `model.md`. {len(known_measures())} policy measures are data that move "
        "levers; a strength is a level, and only the difference to the one in force acts.", "",
    ]  # fmt: skip
    for use in sorted(
        {m["id"] for p in plan.policies for m in p.get("measures", [])} | {m["id"] for m in c["measures"]}
    ):
        m = known_measures().get(use)
        if m is not None:
            lines.append(f"- `{use}`: {m.does} The model assumes: {m.assumes}")
    return "\n".join(lines) + "\n"


def full() -> str:
    """Return the full description of the model, or an empty text where it is not installed."""
    return FULL.read_text(encoding="utf-8") if FULL.exists() else ""
