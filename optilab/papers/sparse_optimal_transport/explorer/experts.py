"""Experts with full buffers: who finds a seat, which bar a token has to clear, and how many seats a router needs."""

import warnings
from typing import Any

import numpy as np

from optilab.papers.sparse_optimal_transport import algorithm
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.papers.sparse_optimal_transport.explorer.posts import posts
from optilab.papers.sparse_optimal_transport.explorer.routers import (
    EXPERTS,
    KS,
    PLACES,
    RIVALS,
    ROUTERS,
    TOKENS,
    best,
    law,
)
from optilab.problems.transport import affinities
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, panel, promise, thin
from optilab.ui.theme import BLUE, INK, PINK, ink
from optilab.ui.words import number

HEAP = EXPERTS + 1.5 + 0.4 * np.arange(3)  # where those without a seat stand, three abreast
SHADES = {router: color(router.partition(",")[0]) for router in ROUTERS}


def seated(pairs: np.ndarray, first: np.ndarray, k: int, token: int) -> dict[str, Any]:
    """Where the dots stand: tokens in order on the seats of every expert, and the heap of those without one."""
    who, where = np.nonzero(pairs)
    rank = (pairs.cumsum(0) - 1)[who, where] + 0.5
    lost = np.flatnonzero(~pairs.any(1))
    heap = HEAP[np.arange(len(lost)) % 3], np.arange(len(lost)) // 3 + 0.5
    x, y = np.append(where + 1, heap[0]), np.append(rank, heap[1])
    kind = np.append(np.where(rank > k, 2, where != first[who]), np.full(len(lost), 3))
    mine = np.append(who, lost) == token
    of = {f"dots{each}": kind == each for each in range(4)} | {"mine": mine}
    return {name: (np.append(x[some], np.nan), np.append(y[some], np.nan)) for name, some in of.items()}


def compute(router: str, k: int, skew: float, token: int, seed: int) -> dict[str, Any]:
    """Seats, the bars of one token, and how many tokens no seat is left for."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are too few seats is said under the picture
        pairs, bars = ROUTERS[router](k, skew, seed)
        drops = law(skew, seed)
    wish, bar, mine = affinity[token - 1], np.clip(bars[token - 1], 0, 1), pairs[token - 1]
    load, lost, several = algorithm.load(pairs), int((~pairs.any(1)).sum()), int((pairs.sum(1) > 1).sum())
    name = router[0].upper() + router[1:]
    seats = f"{lost} of {TOKENS} tokens find no seat" if lost else f"all {TOKENS} tokens are seated"
    full = int((load > k).sum())
    over = f", {full} of {EXPERTS} experts {'is' if full == 1 else 'are'} overfull" if full else ""
    if mine.any():
        ask = "clears the bars of experts " if mine.sum() > 1 else "clears the bar of expert "
        ask += " and ".join(map(str, PLACES[mine]))
    else:
        ask = f"asks expert {wish.argmax() + 1} alone, which is full" if router == "token choice" else "clears no bar"
    earned = number(float(algorithm.captured(pairs, affinity)))
    note = (
        f"{name}, k = {k}: {seats}{f', {several} of them with several experts' if several else ''}; the fullest "
        f"expert has {load.max()}. Affinity earned, a token's mean: <b>{earned}</b> (the best assignment of "
        f"{TOKENS // EXPERTS} each: {number(best(skew, seed))})."
    )
    if k * EXPERTS < TOKENS:
        note += f" <b>There are seats for k n = {k * EXPERTS} tokens only.</b>"
    edges = np.tile([-0.4, -0.4, 0.4, 0.4, np.nan], EXPERTS) + np.repeat(PLACES, 5)
    return {
        "title": f"{name}: {seats}{over}",
        "seats": (edges, np.tile([k, 0, 0, k, np.nan], EXPERTS)),
        **seated(pairs, affinity.argmax(1), k, token - 1),
        "ask": f"Token {token} {ask}",
        "bar": posts(PLACES, 0, np.where(mine, np.nan, bar)),
        "clear": posts(PLACES, 0, np.where(mine, wish, np.nan)),
        "wish": (PLACES, wish),
        **drops,
        "must": (KS, np.maximum(100 * (1 - KS * EXPERTS / TOKENS), 0)),
        "here": (k, 100 * lost / TOKENS),
        "note": note,
    }


def experts(**start: Any) -> Explorer:
    """Send tokens to experts in five ways: the scene, one token's bars, and the law."""
    ticks = {int(j): str(j) for j in PLACES} | {float(HEAP[1]): "no seat"}
    return Explorer(
        compute,
        {
            "router": choice("router", "token choice", list(ROUTERS)),
            "k": slider("k, seats of an expert", 8, 4, 16, 1, named={"just enough": TOKENS // EXPERTS}),
            "skew": slider("skew of their popularity", 2.0, 0.0, 4.0, 0.25),
            "token": slider("token (ringed)", 41, 1, TOKENS, 1),
            "seed": slider("seed", 0, 0, 19, 1),
        },
        [
            panel(
                entry("title"),
                thin("seats", "", ink(0.5)),
                dots("dots0", "with its favourite", BLUE),
                dots("dots1", "with another", BLUE, symbol="circle-open"),
                dots("dots2", "", PINK),
                dots("dots3", "without a seat", PINK),
                here("mine", "", INK, symbol="circle-open", size=15),
                x=axis("expert, the popular ones first", [0.4, HEAP[2] + 0.4], ticks=ticks),
                y=axis("tokens, in the order of their arrival", [0, 19]),
                height=380,
            ),
            panel(
                entry("ask"),
                curve("bar", "bar to clear", ink(0.3), width=14),
                curve("clear", "cleared: it sits there", BLUE, width=14),
                dots("wish", "", INK),
                x=axis("expert", [0.4, EXPERTS + 0.6], dtick=1),
                y=axis("affinity of this token (dots)", [0, 1]),
                height=380,
            ),
            panel(
                "Seats beyond k = 8 make up for a router's mistakes",
                *(curve(router, router, SHADES[router]) for router in RIVALS),
                dots("ours", "sparse OT", SHADES["sparse OT"]),
                promise("must", "what must stand: 1 − kn/m", INK),
                here("here", "", INK, symbol="circle-open", size=15),
                x=axis("k, seats of an expert", [3.6, 16.4]),
                y=axis("tokens without a seat, %", [-2, 85]),
                click=lambda x, _y: {"k": int(np.clip(round(x), KS[0], KS[-1]))},
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.experts",
        start=start,
        recipe=ROUTERS,
    )
