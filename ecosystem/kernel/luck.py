"""Luck: every draw is a function of (seed, purpose, month, who) and of nothing else.

``bits = mix(mix(uid*G + key) + key)`` with ``key = mix(name_key + (month + 1)*G)``, ``name_key`` the first 64 bits of
BLAKE2b("seed|purpose"), ``G = 0x9E3779B97F4A7C15`` and ``mix`` the finaliser of SplitMix64 (Steele, Lea & Flood 2014,
OOPSLA, doi:10.1145/2660193.2660195). Uniforms lie in the open interval (0, 1): ``((bits >> 12) + 0.5) * 2**-52``.
All other distributions come by inverse CDF from one uniform, so they are monotone in it: two runs that differ in one
measure share all luck.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numba as nb
import numpy as np
from scipy.special import ndtri

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB
_G, _A, _B = np.uint64(_GOLDEN), np.uint64(_M1), np.uint64(_M2)
_S30, _S27, _S31, _S12, _S1 = (np.uint64(s) for s in (30, 27, 31, 12, 1))
EXACT_RACE = 64
"""Pools up to this size are raced in full; larger ones through points of a hash ring."""
RING_POINTS = 32
_POISSON_EXACT = 30.0

u8, i8, f8 = nb.uint64, nb.int64, nb.float64


def _mix_int(x: int) -> int:
    x = ((x ^ (x >> 30)) * _M1) & _MASK
    x = ((x ^ (x >> 27)) * _M2) & _MASK
    return x ^ (x >> 31)


@nb.njit(u8(u8), cache=True, inline="always")
def mix(x: np.uint64) -> np.uint64:
    """SplitMix64 finaliser: scatter a 64-bit integer evenly."""
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)


@nb.njit(f8(u8, u8), cache=True, inline="always")
def u01(uid: np.uint64, key: np.uint64) -> float:
    """Return the uniform of one (uid, key), strictly inside (0, 1)."""
    return ((mix(mix(uid * _G + key) + key) >> _S12) + 0.5) * 2.0**-52


@nb.njit(u8(u8, u8), cache=True, inline="always")
def pair(a: np.uint64, b: np.uint64) -> np.uint64:
    """Fold two identities into one 63-bit identity that is never zero."""
    return (mix(mix(a * _G + _G) + b * _A + _G) >> _S1) | _S1


@nb.njit(f8(f8), cache=True)
def inverse_normal(p: float) -> float:
    """Return the standard normal quantile of p in (0, 1): algorithm AS 241 PPND16 (Wichura 1988, Applied Statistics 37:477).

    Ours, since a compiled loop cannot keep a pointer into SciPy in its cache; accurate to about 1e-15, tested against SciPy.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2509.0809287301226727 * r + 33430.575583588128105
        top = (((top * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125) * r
        top = ((top + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608
        low = 5226.495278852545925 * r + 28729.085735721942674
        low = (((low * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077) * r
        low = ((low + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0
        return q * top / low
    r = np.sqrt(-np.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = 7.7454501427834140764e-4 * r + 0.0227238449892691845833
        top = (((top * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504) * r
        top = ((top + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734
        low = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
        low = (((low * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455) * r
        low = ((low + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
        top = (((top * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123) * r
        top = ((top + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772
        low = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
        low = (((low * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
        low = ((low + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    return -top / low if q < 0.0 else top / low


@nb.njit(f8[::1](i8[::1], u8), cache=True)
def _normals(uid: np.ndarray, key: np.uint64) -> np.ndarray:
    out = np.empty(len(uid))
    for i in range(len(uid)):
        out[i] = inverse_normal(u01(np.uint64(uid[i]), key))
    return out


@nb.njit(f8[::1](i8[::1], u8), cache=True)
def _uniforms(uid: np.ndarray, key: np.uint64) -> np.ndarray:
    out = np.empty(len(uid))
    for i in range(len(uid)):
        out[i] = u01(np.uint64(uid[i]), key)
    return out


@nb.njit(i8[::1](i8[::1], i8[::1]), cache=True)
def _fold(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.empty(len(a), np.int64)
    single = len(b) == 1
    for i in range(len(a)):
        out[i] = np.int64(pair(np.uint64(a[i]), np.uint64(b[0] if single else b[i])))
    return out


@nb.njit(i8[::1](i8[::1], i8[::1]), cache=True)
def _fold_first(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.empty(len(b), np.int64)
    for i in range(len(b)):
        out[i] = np.int64(pair(np.uint64(a[0]), np.uint64(b[i])))
    return out


@nb.njit(i8[::1](f8[::1], f8[::1]), cache=True)
def _poisson(u: np.ndarray, rate: np.ndarray) -> np.ndarray:
    out = np.empty(len(u), np.int64)
    for i in range(len(u)):
        lam = rate[i]
        if lam <= 0.0:
            out[i] = 0
            continue
        p = np.exp(-lam)
        total, k = p, 0
        while u[i] > total and k < 1000:
            k += 1
            p *= lam / k
            total += p
        out[i] = k
    return out


@nb.njit(i8(u8, i8, i8, u8[::1], i8[::1], u8, i8[::1], f8[::1]), cache=True)
def racers(
    me: np.uint64, a: int, b: int, ring: np.ndarray, uid: np.ndarray, key: np.uint64, at: np.ndarray, luck: np.ndarray
) -> int:
    """Write who of the pool positions [a, b) races for ``me`` into ``at`` and their uniforms into ``luck``; return how many.

    Small pools race in full, larger ones at the points of the hash ring: at the first hash not below that of the point.
    All points are searched together, without a branch to guess, so that they do not wait for one another.

    Args:
        at, luck: room for ``EXACT_RACE`` entries, int64 and float64.
    """
    n = b - a
    if n <= EXACT_RACE:
        for t in range(n):
            at[t] = a + t
            luck[t] = u01(pair(me, np.uint64(uid[a + t])), key)
        return n
    point = np.empty(RING_POINTS, np.uint64)
    for t in range(RING_POINTS):
        point[t] = mix(pair(me, np.uint64(t)) + key)
        at[t] = a
    while n > 1:
        half = n >> 1
        for t in range(RING_POINTS):
            at[t] += half * np.int64(ring[np.uint64(at[t] + half - 1)] < point[t])
        n -= half
    for t in range(RING_POINTS):
        c = at[t] + np.int64(ring[np.uint64(at[t])] < point[t])
        at[t] = c if c < b else a
    for t in range(RING_POINTS):
        luck[t] = u01(pair(me, np.uint64(uid[at[t]])), key)
    return RING_POINTS


@nb.njit(i8[::1](i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], u8[::1], f8[::1], i8[::1], u8), cache=True)
def _race(
    seeker: np.ndarray,
    group: np.ndarray,
    avoid: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    ring: np.ndarray,
    weight: np.ndarray,
    uid: np.ndarray,
    key: np.uint64,
) -> np.ndarray:
    """Weighted exponential race of every seeker over the candidates of its group (see ``Pool``)."""
    out = np.full(len(seeker), -1, np.int64)
    at, luck = np.empty(EXACT_RACE, np.int64), np.empty(EXACT_RACE)
    for i in range(len(seeker)):
        g = group[i]
        if g < 0 or high[g] <= low[g]:
            continue
        best, best_score = -1, np.inf
        for t in range(racers(np.uint64(seeker[i]), low[g], high[g], ring, uid, key, at, luck)):
            c, u = at[t], luck[t]
            # -ln u >= 1 - u: most candidates lose without a logarithm
            if (1.0 - u) * (1.0 - 1e-12) >= best_score * weight[c]:
                continue
            if weight[c] <= 0.0 or uid[c] == avoid[i]:
                continue
            score = -np.log(u) / weight[c]
            if score < best_score:
                best, best_score = c, score
        out[i] = best
    return out


@nb.njit(i8[::1](f8[::1], f8[:, ::1], i8[::1]), cache=True)
def _category(u: np.ndarray, cumulative: np.ndarray, row: np.ndarray) -> np.ndarray:
    k = cumulative.shape[1]
    out = np.empty(len(u), np.int64)
    for i in range(len(u)):
        r = row[i]
        x = u[i] * cumulative[r, k - 1]
        lo, hi = 0, k - 1
        while lo < hi:
            m = (lo + hi) // 2
            if cumulative[r, m] < x:
                lo = m + 1
            else:
                hi = m
        out[i] = lo
    return out


def fold(first: np.ndarray | int, *rest: np.ndarray | int) -> np.ndarray:
    """Fold integer parts (owner uid, month, ordinal ...) into stable positive 63-bit identities.

    Args:
        first, *rest: integers or int arrays (n,); arrays have equal lengths.

    Returns:
        int64 array (n,) (at least one row), each in [1, 2**63).
    """
    out = _whole(first)
    for part in rest or (0,):
        other = _whole(part)
        out = _fold(out, other) if len(out) == len(other) or len(other) == 1 else _fold_first(out, other)
    return out


def _whole(part: np.ndarray | int) -> np.ndarray:
    if isinstance(part, np.ndarray):
        return np.ascontiguousarray(part, dtype=np.int64)
    return np.array([part], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates arranged for stable choice: by group, then by place on a hash ring.

    Attributes:
        slots: candidate slots in pool order, int64 (n,).
        low, high: first and one past last pool position of each group, int64 (groups,).
    """

    slots: np.ndarray
    uid: np.ndarray
    weight: np.ndarray
    ring: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, slots: np.ndarray, uid: np.ndarray, group: np.ndarray, groups: int, weight: np.ndarray) -> Pool:
        """Arrange candidates.

        Args:
            slots: slots of the candidates, int (n,).
            uid: their identities, int64 (n,).
            group: group of each in [0, groups), int (n,).
            groups: number of groups.
            weight: chance weight of each, >= 0, float (n,).

        Raises:
            ValueError: a negative or non-finite weight.
        """
        weight = np.asarray(weight, dtype=np.float64)
        if weight.size and not (np.isfinite(weight).all() and weight.min() >= 0.0):
            raise ValueError("weights of a pool must be finite and not negative")
        group = np.asarray(group, dtype=np.int64)
        hashed = fold(uid, 7) if len(uid) else np.zeros(0, np.int64)
        order = np.argsort((group << 48) | (hashed >> 15), kind="stable")
        counts = np.bincount(group, minlength=groups)
        high = np.cumsum(counts)
        return cls(
            np.asarray(slots, dtype=np.int64)[order],
            np.ascontiguousarray(uid[order], dtype=np.int64),
            np.ascontiguousarray(weight[order]),
            np.ascontiguousarray(hashed[order]).astype(np.uint64) << np.uint64(1),
            high - counts,
            high,
        )


ALWAYS = -(10**6)
"""Month of draws that do not depend on time (a firm's lasting effect, an inventor's skill)."""


class Draw:
    """The dice of one world: draws keyed by purpose, month and identity.

    Args:
        seed: any integer.

    Attributes:
        month: the month used when a call names none.
    """

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)
        self.month = 0
        self._names: dict[str, int] = {}
        self._keys: dict[tuple[str, int], np.uint64] = {}

    def key(self, name: str, month: int | None = None) -> np.uint64:
        """Return the 64-bit key of a purpose in a month (the world's month unless named)."""
        month = self.month if month is None else month
        known = self._keys.get((name, month))
        if known is not None:
            return known
        base = self._names.get(name)
        if base is None:
            digest = hashlib.blake2b(f"{self.seed}|{name}".encode(), digest_size=8).digest()
            base = self._names[name] = int.from_bytes(digest, "little")
        if len(self._keys) > 4096:
            self._keys.clear()
        key = self._keys[name, month] = np.uint64(_mix_int((base + (month + 1) * _GOLDEN) & _MASK))
        return key

    def uniform(self, name: str, uid: np.ndarray, *, month: int | None = None) -> np.ndarray:
        """Return uniforms in the open interval (0, 1), float64 (n,), one for each identity."""
        return _uniforms(np.ascontiguousarray(uid, dtype=np.int64), self.key(name, month))

    def bernoulli(self, name: str, uid: np.ndarray, p: np.ndarray | float, *, month: int | None = None) -> np.ndarray:
        """Return True with probability ``p`` (scalar or (n,)), bool (n,)."""
        return self.uniform(name, uid, month=month) < p

    def normal(self, name: str, uid: np.ndarray, *, month: int | None = None) -> np.ndarray:
        """Return standard normals, float64 (n,)."""
        return np.asarray(_normals(np.ascontiguousarray(uid, dtype=np.int64), self.key(name, month)))

    def exponential(self, name: str, uid: np.ndarray, *, month: int | None = None) -> np.ndarray:
        """Return exponentials of mean 1, float64 (n,), increasing in the uniform."""
        return -np.log1p(-self.uniform(name, uid, month=month))

    def poisson(self, name: str, uid: np.ndarray, rate: np.ndarray, *, month: int | None = None) -> np.ndarray:
        """Return Poisson counts, int64 (n,); above a rate of 30 the normal approximation with continuity correction."""
        u = self.uniform(name, uid, month=month)
        rate = np.ascontiguousarray(np.broadcast_to(rate, u.shape), dtype=np.float64)
        out = _poisson(u, np.where(rate <= _POISSON_EXACT, rate, 0.0))
        big = rate > _POISSON_EXACT
        if big.any():
            out[big] = np.maximum(0, np.floor(rate[big] + np.sqrt(rate[big]) * ndtri(u[big]) + 0.5)).astype(np.int64)
        return out

    def geometric(self, name: str, uid: np.ndarray, p: np.ndarray | float, *, month: int | None = None) -> np.ndarray:
        """Return the number of tries up to and with the first success of chance ``p`` in (0, 1], int64 (n,), >= 1."""
        u = self.uniform(name, uid, month=month)
        q = np.clip(1.0 - np.broadcast_to(p, u.shape), 1e-300, 1.0 - 1e-12)
        return np.maximum(1, np.ceil(np.log1p(-u) / np.log(q))).astype(np.int64)

    def categorical(
        self,
        name: str,
        uid: np.ndarray,
        weights: np.ndarray,
        row: np.ndarray | None = None,
        *,
        month: int | None = None,
    ) -> np.ndarray:
        """Return a category in proportion to a row of ``weights`` (rows, k), >= 0; int64 (n,).

        Args:
            row: which row holds for each identity, int (n,); the i-th row for the i-th identity if None.
        """
        u = self.uniform(name, uid, month=month)
        rows = np.arange(len(u)) if row is None else np.ascontiguousarray(row, dtype=np.int64)
        return _category(u, np.ascontiguousarray(np.cumsum(weights, axis=1, dtype=np.float64)), rows)

    def partner(
        self,
        name: str,
        seeker: np.ndarray,
        group: np.ndarray,
        pool: Pool,
        *,
        avoid: np.ndarray | None = None,
        month: int | None = None,
    ) -> np.ndarray:
        """Return for each seeker the slot of its partner from its group of the pool, or -1; int64 (n,).

        Weighted rendezvous: the partner is the winner of an exponential race whose clocks are keyed by the pair, so a
        new candidate changes only the choices that it wins. Groups above 64 candidates are raced over 32 points of
        a hash ring, where a newcomer changes only choices that fall in its arc.

        Args:
            seeker: identities of those who seek, int64 (n,).
            group: group of the pool in which each seeks (negative: none), int (n,).
            avoid: identity that a seeker may not choose, int64 (n,), 0 for none.
        """
        if not len(seeker):
            return np.zeros(0, np.int64)
        seeker = np.ascontiguousarray(seeker, dtype=np.int64)
        avoid = np.zeros_like(seeker) if avoid is None else np.ascontiguousarray(avoid, dtype=np.int64)
        position = _race(
            seeker,
            np.ascontiguousarray(group, dtype=np.int64),
            avoid,
            pool.low,
            pool.high,
            pool.ring,
            pool.weight,
            pool.uid,
            self.key(name, month),
        )
        if not len(pool.slots):
            return position
        return np.where(position >= 0, pool.slots[position], -1)
