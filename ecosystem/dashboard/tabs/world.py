"""Tab World: choose one world, run it, read its charts in detail. Visitors share the baseline and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any, cast

import solara

from ecosystem.dashboard import tables
from ecosystem.dashboard.baseline import BASELINE
from ecosystem.dashboard.catalog import CHAIN, PROTECTION, RESEARCH, TILES, TRANSFER, Panel
from ecosystem.dashboard.charts.deals import sankey_deals
from ecosystem.dashboard.charts.frame import HEIGHT
from ecosystem.dashboard.charts.lines import lines
from ecosystem.dashboard.charts.rights import sankey_rights
from ecosystem.dashboard.charts.spindle import spindle
from ecosystem.dashboard.choice import JURISDICTIONS, SCALES, SEEDS, START_YEAR, YEARS, Choice, read_choice
from ecosystem.dashboard.effects import title
from ecosystem.dashboard.frames import MONTHS, SHOWN
from ecosystem.dashboard.parts import Numbers, Raw, card, chart, details, html, meaning, scroll, section
from ecosystem.dashboard.picks import Pick, one_group
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.runner import RUNNER, Job
from ecosystem.dashboard.session import Session
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.text import number, place, text, words_of
from ecosystem.dashboard.theme import mark, palette
from ecosystem.dashboard.tiles import tiles
from ecosystem.dashboard.units import unit_words
from ecosystem.kernel.errors import InputError

POLL_SECONDS = 0.2
STANDARD_SCALE = 500
"""Worlds coarser than this carry a note that small counts jump by chance."""
CONTROL_KEYS = (
    "title", "jurisdictions", "years", "years_unit", "scale", "scale_help", "seed", "seed_help",
    "run", "cancel", "need_one", "again",
)  # fmt: skip
Words = tuple[str, str, float | None]
"""Status, problem and percent beside the form."""
SILENCE: Words = ("", "", None)


@solara.component_vue("../vue/controls.vue")
def _Controls(
    words: dict[str, str],
    places: list[dict[str, str]],
    scales: list[dict[str, Any]],
    limits: dict[str, Any],
    chosen: dict[str, Any],
    running: bool,
    away: bool,
    percent: float | None,
    status: str,
    problem: str,
    event_run: Callable[[dict[str, Any]], None],
    event_cancel: Callable[[Any], None],
    event_home: Callable[[Any], None],
) -> None: ...


def _source(result: Result, indicator: str) -> str:
    series = result.series[indicator]
    return meaning(series, unit_words(series)[1])


@solara.component
def LinesCard(result: Result, panel: Panel, dark: bool) -> None:
    """One indicator over the years by place, with its table and its meaning."""
    option = solara.use_memo(lambda: lines(result, panel.indicator, palette(dark)), [result, panel, dark])
    card(
        text(f"panels.{panel.id}.title"),
        text(f"panels.{panel.id}.question"),
        chart(option, panel.id, HEIGHT),
        Numbers(tables.lines_table(result, panel.indicator), panel.id),
        details(text("card.counted"), _source(result, panel.indicator)),
        name=panel.id,
    )


@solara.component
def RightsCard(result: Result, dark: bool) -> None:
    """The way of the rights: creators, offices, outcomes, trade, users."""
    office, set_office = solara.use_state("")
    shown = office if office in result.places else ""
    option = solara.use_memo(lambda: sankey_rights(result, palette(dark), shown), [result, dark, shown])
    offices = [("", text("flows.all_offices")), *((code, place(code)) for code in result.places)]
    card(
        text("flows.title"),
        text("flows.question"),
        Pick(
            label=text("flows.office_choice"),
            value=shown,
            groups=one_group(offices),
            event_choose=set_office,
            name="office",
        ),
        scroll(chart(option, "rights", 470, "eco-sankey"), text("flows.title")),
        html("p", text("flows.note", first=result.years[0]), css="eco-note"),
        Numbers(tables.rights_table(result, shown), "rights"),
        name="rights",
        wide=True,
    )


@solara.component
def DealsCard(result: Result, dark: bool) -> None:
    """Who passes technology to whom, by kind of deal."""
    side, set_side = solara.use_state("0")
    option = solara.use_memo(lambda: sankey_deals(result, palette(dark), int(side)), [result, dark, side])
    sides = [(key, text(f"deals.side_{key}")) for key in ("0", "1")]
    card(
        text("deals.title"),
        text("deals.question"),
        Pick(label=text("deals.side_choice"), value=side, groups=one_group(sides), event_choose=set_side, name="side"),
        scroll(chart(option, "deal-flows", 400, "eco-sankey"), text("deals.title")),
        html("p", text("deals.note", first=result.years[0]), css="eco-note"),
        Numbers(tables.deals_table(result, int(side)), "deal-flows"),
        name="deal-flows",
        wide=True,
    )


@solara.component
def ChainCard(result: Result, dark: bool) -> None:
    """The innovation chain of each place as a spindle."""
    spindles = [
        html(
            "div",
            html("h4", place(code)),
            chart(spindle(result, code, palette(dark)), f"chain-{code}", 190),
            css="eco-spindle",
        )
        for code in result.places
    ]
    note = text("chain.note") + ("" if len(result.places) > 1 else " " + text("chain.alone"))
    card(
        text("chain.title"),
        text("chain.question"),
        html("div", *spindles, css="eco-spindles"),
        html("p", note, css="eco-note"),
        Numbers(tables.chain_table(result), "chain", [f"chain-{code}" for code in result.places]),
        details(text("card.counted"), "".join(_source(result, indicator) for _, indicator in CHAIN)),
        name="chain",
        wide=True,
    )


@solara.component_vue("../vue/film.vue")
def _Film(
    words: dict[str, str],
    world: str,
    labels: list[str],
    places: list[dict[str, str]],
    names: list[dict[str, str]],
    values: dict[str, dict[str, list[float]]],
    deals: dict[str, list[float]],
) -> None: ...


FILM_WORDS = words_of(
    "film", "first", "back", "play", "pause", "step", "speed", "scrub", "caption", "place", "spoken", "note", "still"
)


@solara.component
def FilmCard(result: Result) -> None:
    """The recorded frames of the world: play, pause, step, back, scrub, speed."""
    frames = result.frames
    if not frames.count:
        return
    labels = [
        text("film.when", year=result.years[0] + k * MONTHS // 12, quarter=k % (12 // MONTHS) + 1)
        for k in range(frames.count)
    ]
    film = _Film(
        words=FILM_WORDS,
        world=result.digest,
        labels=labels,
        places=[{"code": code, "name": place(code), "color": mark(k).color} for k, code in enumerate(result.places)],
        names=[{"id": name, "title": title(name)} for name in SHOWN],
        values=frames.values,
        deals=frames.deals,
    )
    card(text("film.title"), text("film.question"), film, name="film", wide=True)


CONTROL_WORDS = {key: text(f"controls.{key}", start=START_YEAR) for key in CONTROL_KEYS}


def world_line(result: Result) -> str:
    """Return what identifies the world shown: places, years, scale, seed, model version, digest."""
    return text(
        "world.line",
        places=", ".join(place(code) for code in result.places),
        first=result.years[0],
        last=result.years[-1],
        scale=f"{result.scale:g}",
        seed=result.seed,
        version=result.version,
        digest=result.digest[:12],
    )


def command(choice: Choice) -> str:
    """Return the command that runs the same world with the same digest."""
    places = ",".join(choice.jurisdictions)
    return f"ecosystem run --jurisdictions {places} --years {choice.years} --scale {choice.scale} --seed {choice.seed}"


@solara.component
def Results(result: Result, dark: bool, away: bool) -> None:
    """All charts of one finished world."""
    firms = number(result.weights.get("firms", result.scale), 2)
    notes = (
        text("world.scale_note", scale=f"{result.scale:g}", firms=firms),
        text("world.seed_note"),
        text("world.again"),
    )
    about = "".join(f"<p>{escape(words)}</p>" for words in notes)
    about += f"<p><code>{escape(command(result.choice))}</code></p>"
    about += f"<p>{escape(text('world.digest'))} <code>{escape(result.digest)}</code></p>"
    coarse = []
    if result.scale > STANDARD_SCALE:
        coarse = [html("p", text("world.coarse", scale=f"{result.scale:,.0f}"), css="eco-coarse")]
    with html("div", css="eco-results", id="eco-results", tabindex="-1", data_digest=result.digest):
        html(
            "div",
            html("p", text("world.yours" if away else "world.baseline"), css="eco-which", data_testid="which"),
            html("p", world_line(result), css="eco-line", data_testid="world-line"),
            *coarse,
            details(text("world.details"), about),
            css="eco-world",
        )
        html(
            "section",
            html("h2", text("sections.headline"), css="eco-hidden"),
            Raw(markup=tiles(result, TILES)),
            css="eco-section",
            data_testid="section-headline",
        )
        FilmCard(result)
        section("protection", *[LinesCard(result, panel, dark) for panel in PROTECTION])
        section(
            "transfer",
            RightsCard(result, dark),
            DealsCard(result, dark),
            *[LinesCard(result, panel, dark) for panel in TRANSFER],
        )
        section("research", *[LinesCard(result, panel, dark) for panel in RESEARCH], ChainCard(result, dark))


def _percent(job: Job) -> int | None:
    done, total = job.progress
    return int(100 * done / total) if total else None


def job_status(job: Job) -> str:
    """Return one sentence on a run under way."""
    done, total = job.progress
    if job.state == "waiting":
        return text("run.waiting")
    if not total:
        return text("run.building")
    # A sentence that changes each month would never let a screen reader finish: steps of ten percent.
    return text("run.running", percent=int(10 * done / total) * 10, done=done, total=total)


def baseline_status() -> Words:
    """Return status, problem and percent of the shared baseline."""
    job = BASELINE.job
    if job is None:
        return "", BASELINE.problem, None
    percent = _percent(job)
    key = "run.baseline_first" if BASELINE.result is None else "run.refining"
    return text(key, percent=percent // 10 * 10 if percent is not None else 0), "", percent


@solara.component
def World(session: Session, dark: bool) -> None:
    """One world of the visitor's own, or the shared baseline."""
    shared, set_shared = solara.use_state(BASELINE.result)
    own, set_own = solara.use_state(cast("Result | None", session.kept.get("world")))
    job, set_job = solara.use_state(cast("Job | None", None))
    words, set_words = solara.use_state(SILENCE)
    others, set_others = solara.use_state(SILENCE)

    def watch() -> Callable[[], None]:
        """Look at the shared baseline and at this visitor's run until nothing more will come."""
        BASELINE.start()
        left = threading.Event()

        def loop() -> None:
            while not left.wait(POLL_SECONDS):
                set_shared(BASELINE.result)
                if job is None:
                    set_others(baseline_status())
                    if BASELINE.finished:
                        return
                elif job.wait(0):
                    if job.result is not None:
                        set_own(job.result)
                        set_words((text("run.done", seconds=number(job.result.seconds, 2)), "", None))
                    else:
                        set_words((text("run.cancelled") if not job.problem else "", job.problem, None))
                    set_job(None)
                    return
                else:
                    set_words((job_status(job), "", _percent(job)))

        threading.Thread(target=loop, daemon=True).start()
        return left.set

    solara.use_effect(watch, [job, own is None])
    session.kept["world"] = own
    current = solara.use_ref(cast("Job | None", None))
    current.current = job

    def leave() -> Callable[[], None]:
        """A visitor who leaves takes their run along."""

        def cancel() -> None:
            if current.current is not None:
                current.current.cancel()

        return cancel

    solara.use_effect(leave, [])

    def run(form: dict[str, Any]) -> None:
        if job is not None:
            set_words((words[0], text("run.busy"), words[2]))
            return
        try:
            set_job(RUNNER.start(read_choice(form)))
            set_words((text("run.waiting"), "", None))
        except InputError as error:
            set_words(("", str(error), None))

    def cancel(_: Any = None) -> None:
        if job is not None:
            job.cancel()

    def home(_: Any = None) -> None:
        set_own(None)
        set_words(SILENCE)

    result = own if own is not None else shared
    chosen = Choice()
    # What happens to the visitor's own runs comes first; the shared baseline speaks while there is nothing else.
    status, problem, percent = words if words != SILENCE or own is not None else others
    with html("div"):
        html("div", html("h1", text("page.question")), html("p", text("page.intro")), css="eco-hero")
        with html("div", css="eco-columns"):
            with html("div", css="eco-side"):
                _Controls(
                    words=CONTROL_WORDS,
                    places=[
                        {"code": code, "name": place(code), "color": mark(k).color}
                        for k, code in enumerate(JURISDICTIONS)
                    ],
                    scales=[{"value": scale, "label": text(f"controls.scale_{scale}")} for scale in SCALES],
                    limits={"years": list(YEARS), "seeds": list(SEEDS)},
                    chosen={
                        "jurisdictions": list(chosen.jurisdictions),
                        "years": chosen.years,
                        "scale": chosen.scale,
                        "seed": chosen.seed,
                    },
                    running=job is not None,
                    away=own is not None,
                    percent=percent,
                    status=status,
                    problem=problem,
                    event_run=run,
                    event_cancel=cancel,
                    event_home=home,
                )
            if result is None:
                html(
                    "div",
                    html("p", text("page.no_baseline" if problem else "page.loading")),
                    css="eco-card eco-empty",
                    id="eco-results",
                    tabindex="-1",
                )
            else:
                Results(result, dark, own is not None)


TAB = Tab("world", 40, World, scenario=False)
