"""Who comes: the parameters of the visitors and bots of one environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from createos_nb.simulator.traffic.limits import Limits, check_limits
from createos_nb.simulator.traffic.tables import MAX_RATE

NIGHT_AND_DAY = (
    38,
    28,
    22,
    20,
    22,
    32,
    52,
    80,
    108,
    128,
    140,
    146,
    142,
    140,
    142,
    144,
    146,
    150,
    158,
    164,
    154,
    128,
    92,
    60,
)
"""A shop's day, hour by hour, relative."""
FLAT_DAY = (100,) * 24
WORKING_WEEK = (108, 112, 112, 110, 104, 78, 76)
"""Monday to Sunday, relative."""
FLAT_WEEK = (100,) * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A method and path that is asked for, and what a healthy deployment answers.

    Several pages of one path with different statuses share its requests by weight.

    Attributes:
        path: without the query string, starting with "/".
        weight: relative, a whole number.
        method: of HTTP.
        status: of the healthy answer.
        ms: median duration of the healthy answer, milliseconds.
        size: median size of the answer's body, bytes.
    """

    path: str
    weight: int = 1
    method: str = "GET"
    status: int = 200
    ms: int = 40
    size: int = 4_000

    LIMITS: ClassVar[Limits] = {
        "weight": (1, 1_000_000),
        "status": (200, 599),
        "ms": (0, 1_000_000),
        "size": (0, 1_000_000_000),
    }

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError(f"a path starts with /: {self.path!r}")
        check_limits(self, self.LIMITS, f" of {self.path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """One client that walks odd paths: a crawler, a scanner, an uptime check.

    Attributes:
        name: unique within a profile; it names the bot's random stream.
        rpm: requests a minute while it is at work.
        pages: what it asks for.
        client: its address.
        agent: its User-Agent.
        duty: share of hours in which it is at work, 0 to 1; which hours is decided by the seed.
    """

    name: str
    rpm: float
    pages: tuple[Page, ...]
    client: str = "203.0.113.66"
    agent: str = "Mozilla/5.0 (compatible; pathwalker/1.1)"
    duty: float = 1.0

    LIMITS: ClassVar[Limits] = {"rpm": (0, MAX_RATE), "duty": (0, 1)}

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS, f" of bot {self.name}")
        if not self.pages:
            raise ValueError(f"bot {self.name} has no pages")


SHOP = (
    Page(path="/", weight=220, ms=38, size=14_200),
    Page(path="/products", weight=180, ms=62, size=22_400),
    Page(path="/products/espresso-cup", weight=74, ms=54, size=11_900),
    Page(path="/products/linen-apron", weight=61, ms=54, size=12_300),
    Page(path="/products/oak-board", weight=52, ms=54, size=11_600),
    Page(path="/search", weight=66, ms=118, size=9_800),
    Page(path="/cart", weight=58, ms=71, size=6_300),
    Page(path="/cart/items", weight=44, method="POST", status=201, ms=83, size=410),
    Page(path="/checkout", weight=24, ms=96, size=8_700),
    Page(path="/checkout", weight=15, method="POST", status=303, ms=214, size=0),
    Page(path="/api/stock", weight=90, ms=27, size=740),
    Page(path="/api/session", weight=62, ms=16, size=320),
    Page(path="/api/session", weight=9, status=401, ms=9, size=84),
    Page(path="/login", weight=18, method="POST", status=302, ms=132, size=0),
    Page(path="/login", weight=4, method="POST", status=422, ms=121, size=190),
    Page(path="/assets/app.css", weight=70, ms=5, size=18_300),
    Page(path="/assets/app.js", weight=70, ms=6, size=91_000),
    Page(path="/assets/app.js", weight=28, status=304, ms=4, size=0),
    Page(path="/favicon.ico", weight=9, status=404, ms=4, size=150),
    Page(path="/old-catalogue", weight=6, status=301, ms=4, size=0),
    Page(path="/healthz", weight=12, ms=2, size=2),
)
"""The pages of a small shop."""

SCANNER = Bot(
    name="scanner",
    rpm=6,
    duty=0.2,
    pages=(
        Page(path="/wp-login.php", weight=30, status=404, ms=4, size=150),
        Page(path="/xmlrpc.php", weight=12, method="POST", status=404, ms=4, size=150),
        Page(path="/.env", weight=20, status=404, ms=4, size=150),
        Page(path="/.git/config", weight=14, status=404, ms=4, size=150),
        Page(path="/phpmyadmin/index.php", weight=10, status=404, ms=4, size=150),
        Page(path="/admin", weight=9, status=403, ms=6, size=120),
        Page(path="/robots.txt", weight=3, ms=3, size=64),
    ),
)
"""A bot that looks for somebody else's software."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The traffic that one environment would have if all went well.

    Attributes:
        rpm: mean requests a minute over a week, 0 to 1,048,576 at the peak; at most three decimals count.
        pages: what is asked for.
        day: 24 relative whole numbers, the rate at each full hour; in between the rate is interpolated.
        week: 7 relative whole numbers, Monday to Sunday.
        utc_offset: minutes that local time, in which `day` is meant, is ahead of UTC.
        growth: per week, compound, from the profile's start: 0.02 is 2 % a week; -0.5 to 1. The factor stays within
            1/256 to 256.
        overdispersion: coefficient of variation of a gamma-like factor on each minute's rate, 0 or 0.025 to 2; the
            variance of a minute's count with mean m is then m + (overdispersion * m)**2.
        jitter: standard deviation of the slow, autocorrelated factor around 1, 0 to 0.5.
        autocorrelation: of that factor between neighboring steps of five minutes, 0 to 0.98 (first order).
        daily_jitter: standard deviation of a factor for whole days, interpolated from noon to noon, 0 to 0.5.
        clients: how many different visitors there are; a few of them make most requests.
        bots: single clients beside the visitors; they know neither day nor week nor growth.
    """

    rpm: float
    pages: tuple[Page, ...] = SHOP
    day: tuple[int, ...] = NIGHT_AND_DAY
    week: tuple[int, ...] = WORKING_WEEK
    utc_offset: int = 0
    growth: float = 0.0
    overdispersion: float = 0.15
    jitter: float = 0.08
    autocorrelation: float = 0.9
    daily_jitter: float = 0.03
    clients: int = 400
    bots: tuple[Bot, ...] = field(default=())

    LIMITS: ClassVar[Limits] = {
        "rpm": (0, MAX_RATE),
        "growth": (-0.5, 1),
        "overdispersion": (0, 2),
        "jitter": (0, 0.5),
        "autocorrelation": (0, 0.98),
        "daily_jitter": (0, 0.5),
        "utc_offset": (-1440, 1440),
        "clients": (1, 1 << 24),
    }

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS)
        for name, shape, length in (("day", self.day, 24), ("week", self.week, 7)):
            if len(shape) != length or min(shape) < 0 or sum(shape) == 0 or max(shape) > 100_000:
                raise ValueError(f"{name} is {length} whole numbers from 0 to 100,000, not all 0: {shape}")
        if not self.pages:
            raise ValueError("a profile has at least one page")
        if len({bot.name for bot in self.bots}) != len(self.bots):
            raise ValueError("two bots have the same name")


NOBODY = Profile(rpm=0, jitter=0, daily_jitter=0, overdispersion=0, pages=(Page(path="/"),))
"""Nobody comes."""
