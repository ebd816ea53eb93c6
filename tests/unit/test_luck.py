"""Luck: known answers, uniformity, independence between neighbors, inverse CDFs, stable choice of partners."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ecosystem.kernel.luck import ALWAYS, EXACT_RACE, Draw, Pool, fold

N = 20_000
UID = np.arange(1, N + 1, dtype=np.int64)
LOW = 1e-4
"""Each test of the battery rejects a perfect generator once in ten thousand; inputs are fixed, so it never flickers."""

M64 = (1 << 64) - 1
G, A, B = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


# -- a second implementation in Python integers -------------------------------------------------------------------


def mix(x: int) -> int:
    x = ((x ^ (x >> 30)) * A) & M64
    x = ((x ^ (x >> 27)) * B) & M64
    return x ^ (x >> 31)


def key(seed: int, name: str, month: int) -> int:
    base = int.from_bytes(hashlib.blake2b(f"{seed}|{name}".encode(), digest_size=8).digest(), "little")
    return mix((base + (month + 1) * G) & M64)


def uniform(seed: int, name: str, month: int, uid: int) -> float:
    k = key(seed, name, month)
    bits = mix((mix((uid * G + k) & M64) + k) & M64)
    return ((bits >> 12) + 0.5) * 2.0**-52


def pair(a: int, b: int) -> int:
    return (mix((mix((a * G + G) & M64) + b * A + G) & M64) >> 1) | 1


@pytest.mark.parametrize("seed", [0, 1, 42, -7, 2**63 - 1])
@pytest.mark.parametrize("month", [-120, -1, 0, 359])
def test_uniforms_are_the_documented_function_of_seed_purpose_month_and_identity(seed: int, month: int) -> None:
    uid = np.array([1, 2, 3, 1000, 2**31, 2**62 + 12345, 2**63 - 1], dtype=np.int64)
    draw = Draw(seed)
    draw.month = month
    got = draw.uniform("office.grant", uid)
    assert got.tolist() == [uniform(seed, "office.grant", month, int(u)) for u in uid]


def test_splitmix_finalizer_has_its_published_answers() -> None:
    # SplitMix64 from state 0: Vigna's reference implementation begins with these outputs.
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    assert [mix((i * G) & M64) for i in range(1, 5)] == published


def test_fold_is_the_documented_function_and_positive() -> None:
    a = np.array([1, 5, 2**62], dtype=np.int64)
    b = np.array([7, 0, 3], dtype=np.int64)
    want = [pair(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert fold(a, b).tolist() == want
    assert fold(a, b, 9).tolist() == [pair(w, 9) for w in want]
    assert fold(4, b).tolist() == [pair(4, y) for y in b.tolist()]
    assert (fold(UID, 3) > 0).all()


def test_fold_has_no_collisions_and_order_matters() -> None:
    n = 400
    first, second = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    out = fold(first, second)
    assert len(np.unique(out)) == n * n
    assert not np.array_equal(out, fold(second, first))


def test_a_key_is_the_same_whether_the_month_is_set_or_named() -> None:
    draw = Draw(3)
    draw.month = 17
    assert draw.key("a") == Draw(3).key("a", 17) == key(3, "a", 17)
    assert draw.uniform("a", UID[:5], month=ALWAYS).tolist() == Draw(3).uniform("a", UID[:5], month=ALWAYS).tolist()


def test_many_purposes_and_months_do_not_disturb_the_keys() -> None:
    draw = Draw(3)
    before = draw.key("first", 0)
    for month in range(5000):
        draw.key("other", month)
    assert draw.key("first", 0) == before


# -- the battery ---------------------------------------------------------------------------------------------------


def samples() -> dict[str, np.ndarray]:
    """Streams in the directions in which the simulator walks: who, when, what for, which seed."""
    draw = Draw(11)
    return {
        "consecutive uids": draw.uniform("a", UID, month=0),
        "uids in steps of a million": draw.uniform("a", UID * 1_000_003, month=0),
        "uids that differ in high bits": draw.uniform("a", (UID << 40) + 5, month=0),
        "folded uids": draw.uniform("a", fold(UID, 4), month=0),
        "months": np.concatenate([draw.uniform("a", UID[:1], month=m) for m in range(N // 4)]),
        "purposes": np.concatenate([draw.uniform(f"purpose {i}", UID[:1], month=0) for i in range(N // 4)]),
        "seeds": np.concatenate([Draw(s).uniform("a", UID[:1], month=0) for s in range(N // 4)]),
    }


STREAMS = samples()


@pytest.fixture(params=STREAMS, scope="module")
def stream(request: pytest.FixtureRequest) -> np.ndarray:
    return STREAMS[request.param]


def test_uniforms_lie_strictly_inside_the_unit_interval(stream: np.ndarray) -> None:
    assert stream.min() > 0.0
    assert stream.max() < 1.0


def test_the_extreme_bit_patterns_stay_inside_the_unit_interval() -> None:
    for bits in (0, M64):
        assert 0.0 < ((bits >> 12) + 0.5) * 2.0**-52 < 1.0


def test_streams_are_uniform(stream: np.ndarray) -> None:
    assert stats.kstest(stream, "uniform").pvalue > LOW
    counts = np.bincount((stream * 128).astype(int), minlength=128)
    assert stats.chisquare(counts).pvalue > LOW
    # Counts may not be too even either: a low-discrepancy sequence is no luck.
    assert stats.chisquare(counts).pvalue < 1.0 - LOW


def test_streams_have_no_serial_pattern(stream: np.ndarray) -> None:
    n = len(stream)
    for lag in (1, 2, 3, 12):
        r = np.corrcoef(stream[:-lag], stream[lag:])[0, 1]
        assert 2.0 * stats.norm.sf(abs(r) * np.sqrt(n - lag)) > LOW
    runs = 1 + np.count_nonzero(np.diff(stream > 0.5))
    above = np.count_nonzero(stream > 0.5)
    mean = 1 + 2 * above * (n - above) / n
    assert 2.0 * stats.norm.sf(abs(runs - mean) / np.sqrt((mean - 1) * (mean - 2) / (n - 1))) > LOW


def test_pairs_and_triples_fill_the_square_and_the_cube(stream: np.ndarray) -> None:
    """Serial tests on non-overlapping tuples (Knuth 3.3.2 B)."""
    two = (stream[: len(stream) // 2 * 2].reshape(-1, 2) * 16).astype(int)
    assert stats.chisquare(np.bincount(two[:, 0] * 16 + two[:, 1], minlength=256)).pvalue > LOW
    three = (stream[: len(stream) // 3 * 3].reshape(-1, 3) * 6).astype(int)
    cell = (three[:, 0] * 6 + three[:, 1]) * 6 + three[:, 2]
    assert stats.chisquare(np.bincount(cell, minlength=216)).pvalue > LOW


def test_gaps_permutations_and_maxima(stream: np.ndarray) -> None:
    """Gap test, permutation test and maximum-of-t test (Knuth 3.3.2)."""
    hits = np.flatnonzero(stream < 0.25)
    gaps = np.minimum(np.diff(hits) - 1, 12)
    chance = np.r_[0.25 * 0.75 ** np.arange(12), 0.75**12]
    assert stats.chisquare(np.bincount(gaps, minlength=13), len(gaps) * chance).pvalue > LOW
    four = stream[: len(stream) // 4 * 4].reshape(-1, 4)
    order = np.argsort(four, axis=1) @ np.array([64, 16, 4, 1])
    assert stats.chisquare(np.unique(order, return_counts=True)[1]).pvalue > LOW
    assert len(np.unique(order)) == 24
    assert stats.kstest(four.max(axis=1) ** 4, "uniform").pvalue > LOW


def test_birthday_spacings(stream: np.ndarray) -> None:
    """Marsaglia: duplicate spacings of n birthdays in 2**k days are Poisson with mean n^3 / 2^(k + 2)."""
    n, days = 256, 2**22
    blocks = stream[: len(stream) // n * n].reshape(-1, n)
    days_sorted = np.sort((blocks * days).astype(np.int64), axis=1)
    spacings = np.sort(np.diff(days_sorted, axis=1), axis=1)
    repeats = int((np.diff(spacings, axis=1) == 0).sum())
    expected = len(blocks) * n**3 / (4 * days)
    low, high = stats.poisson.cdf(repeats, expected), stats.poisson.sf(repeats - 1, expected)
    assert min(low, high) > LOW / 2


def test_every_bit_is_fair_and_neighboring_bits_are_independent() -> None:
    bits52 = (STREAMS["consecutive uids"] * 2.0**52).astype(np.int64)
    ones = np.array([np.count_nonzero(bits52 >> b & 1) for b in range(52)])
    z = (ones - N / 2) / np.sqrt(N / 4)
    assert stats.chi2.sf((z**2).sum(), 52) > LOW
    both = np.array([np.count_nonzero((bits52 >> b ^ bits52 >> (b + 1)) & 1) for b in range(51)])
    z = (both - N / 2) / np.sqrt(N / 4)
    assert stats.chi2.sf((z**2).sum(), 51) > LOW


def test_neighbors_in_every_direction_are_independent() -> None:
    """Same identity, other month, purpose or seed: pairs fill the square evenly."""
    draw = Draw(5)
    base = draw.uniform("a", UID, month=0)
    others = {
        "next month": draw.uniform("a", UID, month=1),
        "month before": draw.uniform("a", UID, month=-1),
        "next year": draw.uniform("a", UID, month=12),
        "other purpose": draw.uniform("b", UID, month=0),
        "purpose with one letter more": draw.uniform("aa", UID, month=0),
        "next seed": Draw(6).uniform("a", UID, month=0),
        "negative seed": Draw(-5).uniform("a", UID, month=0),
        "next uid": draw.uniform("a", UID + 1, month=0),
        "folded uid": draw.uniform("a", fold(UID, 0), month=0),
    }
    for name, other in others.items():
        cell = (base * 16).astype(int) * 16 + (other * 16).astype(int)
        assert stats.chisquare(np.bincount(cell, minlength=256)).pvalue > LOW, name
        r = np.corrcoef(base, other)[0, 1]
        assert 2.0 * stats.norm.sf(abs(r) * np.sqrt(N)) > LOW, name


def test_one_flipped_bit_of_the_identity_flips_half_of_the_output() -> None:
    draw = Draw(2)
    uid = fold(np.arange(2000), 8)
    before = (draw.uniform("a", uid, month=3) * 2.0**52).astype(np.int64)
    for bit in range(63):
        after = (draw.uniform("a", uid ^ (1 << bit), month=3) * 2.0**52).astype(np.int64)
        flipped = np.array([np.count_nonzero((before ^ after) >> b & 1) for b in range(52)])
        z = (flipped - 1000) / np.sqrt(500)
        assert stats.chi2.sf((z**2).sum(), 52) > LOW / 63, bit


def test_sums_over_months_of_one_identity_spread_like_independent_draws() -> None:
    """An agent that draws every month must not be lucky for life: variance of the mean over 120 months is 1/(12*120)."""
    draw = Draw(9)
    total = sum(draw.uniform("a", UID[:4000], month=m) for m in range(120))
    z = (total - 60.0) / np.sqrt(10.0)
    assert stats.kstest(z, "norm").pvalue > LOW
    assert stats.chi2.sf((z**2).sum(), 4000) > LOW
    assert stats.chi2.cdf((z**2).sum(), 4000) > LOW


# -- distributions --------------------------------------------------------------------------------------------------


def test_bernoulli_is_the_uniform_below_the_chance() -> None:
    draw = Draw(1)
    u = draw.uniform("a", UID)
    for p in (0.0, 1e-3, 0.3, 1.0):
        assert np.array_equal(draw.bernoulli("a", UID, p), u < p)
    hits = int(draw.bernoulli("a", UID, 0.3).sum())
    assert stats.binomtest(hits, N, 0.3).pvalue > LOW
    chance = np.linspace(0, 1, N)
    assert np.array_equal(draw.bernoulli("a", UID, chance), u < chance)


def test_normal_and_exponential_are_quantiles_of_the_uniform() -> None:
    draw = Draw(1)
    u = draw.uniform("a", UID)
    np.testing.assert_allclose(draw.normal("a", UID), stats.norm.ppf(u), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(draw.exponential("a", UID), stats.expon.ppf(u), rtol=1e-12)
    assert stats.kstest(draw.normal("a", UID), "norm").pvalue > LOW
    assert stats.kstest(draw.exponential("a", UID), "expon").pvalue > LOW


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.05, 1.0, 7.5, 30.0])
def test_poisson_is_the_exact_quantile_up_to_thirty(rate: float) -> None:
    draw = Draw(1)
    u = draw.uniform("a", UID)
    got = draw.poisson("a", UID, np.full(N, rate))
    want = stats.poisson.ppf(u, rate) if rate else np.zeros(N)
    # A running sum and scipy's series may part in the last bit, where u falls on a step.
    steps = stats.poisson.cdf(np.minimum(got, want), rate)
    assert ((got == want) | (np.abs(steps - u) < 1e-12)).all()


@pytest.mark.parametrize("rate", [31.0, 100.0, 2500.0])
def test_poisson_above_thirty_is_close_to_its_distribution(rate: float) -> None:
    got = Draw(1).poisson("a", UID, np.full(N, rate))
    assert abs(got.mean() - rate) < 4 * np.sqrt(rate / N) + 0.02
    assert abs(got.var() / rate - 1) < 4 * np.sqrt(2 / N) + 0.01
    grid = np.arange(int(rate - 6 * rate**0.5), int(rate + 6 * rate**0.5))
    seen = np.searchsorted(np.sort(got), grid, side="right") / N
    # Normal approximation: the largest gap between the two CDFs is about 1 / (6 sqrt(2 pi rate)).
    assert np.abs(seen - stats.poisson.cdf(grid, rate)).max() < 1.95 / np.sqrt(N) + 1 / (6 * np.sqrt(2 * np.pi * rate))
    assert (got >= 0).all()


def test_poisson_rates_of_a_batch_do_not_touch_each_other() -> None:
    draw = Draw(1)
    rate = np.where(np.arange(N) % 3 == 0, 45.0, np.where(np.arange(N) % 3 == 1, 0.0, 2.0))
    mixed = draw.poisson("a", UID, rate)
    for kind, value in enumerate((45.0, 0.0, 2.0)):
        mine = np.arange(N) % 3 == kind
        assert np.array_equal(mixed[mine], draw.poisson("a", UID[mine], np.full(mine.sum(), value)))


@pytest.mark.parametrize("p", [1e-3, 0.2, 0.9])
def test_geometric_is_the_exact_quantile(p: float) -> None:
    draw = Draw(1)
    u = draw.uniform("a", UID)
    got = draw.geometric("a", UID, p)
    want = stats.geom.ppf(u, p)
    steps = stats.geom.cdf(np.minimum(got, want), p)
    assert ((got == want) | (np.abs(steps - u) < 1e-9)).all()
    assert got.min() >= 1


def test_geometric_at_the_edges() -> None:
    assert (Draw(1).geometric("a", UID, 1.0) == 1).all()
    assert (Draw(1).geometric("a", UID, 1e-9) >= 1).all()


def test_categorical_is_the_quantile_of_its_row() -> None:
    draw = Draw(1)
    u = draw.uniform("a", UID)
    chance = np.array([0.1, 0.0, 0.55, 0.05, 0.3])
    got = draw.categorical("a", UID, np.tile(chance, (N, 1)))
    assert np.array_equal(got, np.searchsorted(np.cumsum(chance)[:-1], u, side="left"))
    some = chance > 0
    counts = np.bincount(got, minlength=5)
    assert counts[1] == 0
    assert stats.chisquare(counts[some], N * chance[some]).pvalue > LOW


@given(st.integers(0, 2**31), st.integers(-200, 400))
def test_every_distribution_is_monotone_in_the_uniform(seed: int, month: int) -> None:
    draw = Draw(seed)
    draw.month = month
    uid = np.arange(300)
    order = np.argsort(draw.uniform("m", uid))
    chance = np.tile([0.2, 0.3, 0.5], (300, 1))
    for values in (
        draw.normal("m", uid), draw.exponential("m", uid), draw.poisson("m", uid, np.full(300, 2.0)),
        draw.poisson("m", uid, np.full(300, 80.0)), draw.geometric("m", uid, 0.1), draw.categorical("m", uid, chance),
        -draw.bernoulli("m", uid, 0.4).astype(int),
    ):  # fmt: skip
        assert (np.diff(values[order]) >= 0).all()


@given(st.integers(0, 2**31), st.permutations(range(60)))
def test_a_draw_does_not_depend_on_the_company_or_the_order(seed: int, order: list[int]) -> None:
    draw, uid = Draw(seed), fold(np.arange(60), 3)
    shuffled = np.array(order)
    for one in (draw.uniform, draw.normal, draw.exponential):
        assert np.array_equal(one("o", uid)[shuffled], one("o", uid[shuffled]))
        assert one("o", uid[:1])[0] == one("o", uid)[0]
    rate = np.linspace(0, 40, 60)
    assert np.array_equal(draw.poisson("o", uid, rate)[shuffled], draw.poisson("o", uid[shuffled], rate[shuffled]))


def test_empty_draws_are_empty() -> None:
    draw, none = Draw(1), np.zeros(0, np.int64)
    assert len(draw.uniform("a", none)) == len(draw.poisson("a", none, np.zeros(0))) == 0
    pool = Pool.of(none, none, none, 3, np.zeros(0))
    assert len(draw.partner("a", none, none, pool)) == 0
    assert draw.partner("a", UID[:2], np.zeros(2, np.int64), pool).tolist() == [-1, -1]


# -- partners -------------------------------------------------------------------------------------------------------


def pool_of(
    uid: np.ndarray, weight: np.ndarray | None = None, group: np.ndarray | None = None, groups: int = 1
) -> Pool:
    """Candidates whose slot is 10 times their position."""
    n = len(uid)
    return Pool.of(
        10 * np.arange(n), uid, np.zeros(n, np.int64) if group is None else group, groups,
        np.ones(n) if weight is None else weight,
    )  # fmt: skip


def choose(pool: Pool, seekers: np.ndarray, **how: object) -> np.ndarray:
    return Draw(4).partner("p", seekers, np.zeros(len(seekers), np.int64), pool, month=2, **how)  # type: ignore[arg-type]


def test_choices_follow_the_weights() -> None:
    weight = np.array([1.0, 2.0, 0.0, 5.0, 0.5])
    got = choose(pool_of(fold(np.arange(5), 1), weight), UID) // 10
    counts = np.bincount(got, minlength=5)
    assert counts[2] == 0
    some = weight > 0
    assert stats.chisquare(counts[some], N * weight[some] / weight.sum()).pvalue > LOW


def test_choices_of_a_large_pool_follow_the_weights_on_average_over_rings() -> None:
    """Above 64 candidates arcs of the ring differ, so the weights hold on average over pools, not in each one."""
    n, pools = 200, 300
    weight = np.where(np.arange(n) % 2 == 0, 3.0, 1.0)
    heavy = np.array([
        np.mean(choose(pool_of(fold(np.arange(n), salt), weight), fold(np.arange(400), salt)) // 10 % 2 == 0)
        for salt in range(pools)
    ])  # fmt: skip
    # A race over 32 of 200 keeps the odds of 3 : 1 but for the finite sample (bias below 1.5 points).
    assert abs(heavy.mean() - 0.75) < 0.015 + 4 * heavy.std() / np.sqrt(pools)


def test_partners_of_one_seeker_differ_from_month_to_month_and_purpose_to_purpose() -> None:
    pool = pool_of(fold(np.arange(10), 1))
    draw, group = Draw(4), np.zeros(N, np.int64)
    first = draw.partner("p", UID, group, pool, month=0) // 10
    for other in (draw.partner("p", UID, group, pool, month=1), draw.partner("q", UID, group, pool, month=0)):
        cell = first * 10 + other // 10
        assert stats.chisquare(np.bincount(cell, minlength=100)).pvalue > LOW


@pytest.mark.parametrize("n", [5, EXACT_RACE - 1, 100, 700])
def test_a_new_candidate_changes_only_the_choices_that_it_wins(n: int) -> None:
    uid = fold(np.arange(n + 1), 77)
    old = choose(pool_of(uid[:n]), UID)
    new = choose(pool_of(uid), UID)
    changed = old != new
    if n < EXACT_RACE:
        assert (new[changed] == 10 * n).all()
        assert stats.binomtest(int(changed.sum()), N, 1 / (n + 1)).pvalue > LOW
    else:
        # On the ring the newcomer takes its arc away from its successor, whose earlier wins there may go to others.
        assert changed.mean() < 6.0 / n
        assert (new[changed] == 10 * n).mean() > 0.3
    assert changed.any()


@pytest.mark.parametrize("n", [6, 150])
def test_a_candidate_who_leaves_changes_only_the_choices_that_it_had_won(n: int) -> None:
    uid, weight = fold(np.arange(n), 5), np.ones(n)
    old = choose(pool_of(uid, weight), UID)
    weight[3] = 0.0
    new = choose(pool_of(uid, weight), UID)
    assert np.array_equal(old[old != 30], new[old != 30])
    assert not (new == 30).any()


def test_more_weight_never_loses_a_choice() -> None:
    uid, weight = fold(np.arange(20), 5), np.ones(20)
    old = choose(pool_of(uid, weight), UID) == 40
    weight[4] = 2.5
    new = choose(pool_of(uid, weight), UID) == 40
    assert (new | ~old).all()
    assert new.sum() > old.sum()


def test_nobody_chooses_whom_it_avoids() -> None:
    uid = fold(np.arange(8), 1)
    pool = pool_of(uid)
    free = choose(pool, UID)
    avoid = uid[UID % 8]
    got = choose(pool, UID, avoid=avoid)
    assert not (uid[got // 10] == avoid).any()
    other = uid[free // 10] != avoid
    assert np.array_equal(got[other], free[other])
    assert choose(pool_of(uid[:1]), UID[:3], avoid=np.repeat(uid[:1], 3)).tolist() == [-1, -1, -1]


def test_seekers_stay_in_their_group_and_the_order_of_candidates_does_not_matter() -> None:
    n = 90
    uid, group = fold(np.arange(n), 6), np.arange(n) % 3
    pool = pool_of(uid, group=group, groups=4)
    where = UID % 5 - 1
    got = Draw(4).partner("p", UID, where, pool)
    assert (got[(where < 0) | (where == 3)] == -1).all()
    inside = (where >= 0) & (where < 3)
    assert np.array_equal(got[inside] // 10 % 3, where[inside])
    order = np.random.default_rng(0).permutation(n)
    mixed = Pool.of(10 * order, uid[order], group[order], 4, np.ones(n))
    assert np.array_equal(Draw(4).partner("p", UID, where, mixed), got)
    back = np.arange(N)[::-1]
    assert np.array_equal(Draw(4).partner("p", UID[back], where[back], pool), got[back])


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_impossible_weights_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weights of a pool"):
        pool_of(fold(np.arange(3), 1), np.array([1.0, weight, 1.0]))


def test_choices_of_one_pool_are_pairwise_independent_between_seekers() -> None:
    pool = pool_of(fold(np.arange(6), 1))
    got = choose(pool, UID) // 10
    cell = got[:-1] * 6 + got[1:]
    assert stats.chisquare(np.bincount(cell[::2], minlength=36)).pvalue > LOW
    assert set(itertools.product(range(6), range(6))) == set(zip(got[:-1].tolist(), got[1:].tolist(), strict=True))
