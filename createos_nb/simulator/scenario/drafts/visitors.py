"""Who comes to the apps of a made-up account, and what for."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from createos_nb.simulator.traffic import NIGHT_AND_DAY, WORKING_WEEK

Page = dict[str, Any]

_ARTICLES = ("oak-board", "linen-apron", "espresso-cup", "wool-blanket", "brass-lamp", "clay-pot", "paper-kite")
_RECORDS = ("orders", "parcels", "bookings", "invoices", "tickets", "members", "readings", "quotes")
_TOPICS = ("spring", "opening", "prices", "recipes", "gardens", "winter")


def _page(path: str, weight: int, ms: int, size: int, status: int = 200, method: str = "GET") -> Page:
    return {"path": path, "weight": weight, "method": method, "status": status, "ms": ms, "size": size}


def shop(random: Random) -> list[Page]:
    """Return the pages of a shop."""
    catalogue = random.choice(("/products", "/catalogue", "/articles"))
    basket = random.choice(("/cart", "/basket"))
    pages = [
        _page("/", 220, 38, 14_200),
        _page(catalogue, 180, 62, 22_400),
        _page("/search", random.randint(40, 90), 118, 9_800),
        _page(basket, 58, 71, 6_300),
        _page(f"{basket}/items", 44, 83, 410, 201, "POST"),
        _page("/checkout", 28, 96, 8_700),
        _page("/checkout", 18, 214, 0, 303, "POST"),
        _page("/api/stock", random.randint(50, 110), 27, 740),
        _page("/api/session", 62, 16, 320),
        _page("/api/session", 9, 9, 84, 401),
        _page("/login", 18, 132, 0, 302, "POST"),
        _page("/login", 4, 121, 190, 422, "POST"),
        _page("/assets/app.js", 70, 6, 91_000),
        _page("/assets/app.js", 28, 4, 0, 304),
        _page("/favicon.ico", 9, 4, 150, 404),
        _page("/healthz", 12, 2, 2),
    ]
    articles = _some(random, _ARTICLES)
    return pages + [_page(f"{catalogue}/{article}", random.randint(30, 80), 54, 11_900) for article in articles]


def service(random: Random) -> list[Page]:
    """Return the paths of a service."""
    first, second = random.sample(_RECORDS, 2)
    version = random.choice(("/v1", "/v2", "/api"))
    return [
        _page(f"{version}/{first}", 160, 42, 5_200),
        _page(f"{version}/{first}", 60, 88, 420, 201, "POST"),
        _page(f"{version}/{first}/latest", random.randint(40, 110), 31, 900),
        _page(f"{version}/{first}/search", random.randint(20, 60), 140, 7_400),
        _page(f"{version}/{second}", random.randint(50, 120), 47, 3_300),
        _page(f"{version}/{second}/export", 14, 420, 48_000),
        _page(f"{version}/{second}/latest", 6, 11, 90, 404),
        _page(f"{version}/token", 30, 24, 310, 201, "POST"),
        _page(f"{version}/token", 5, 12, 84, 401, "POST"),
        _page("/healthz", 40, 2, 2),
    ]


def site(random: Random) -> list[Page]:
    """Return the pages of a site of files."""
    pages = [
        _page("/", 120, 5, 9_200),
        _page("/about", 25, 5, 6_400),
        _page("/contact", 18, 5, 5_100),
        _page("/assets/site.css", 110, 4, 16_000),
        _page("/assets/site.css", 40, 3, 0, 304),
        _page("/assets/site.js", 90, 5, 44_000),
        _page("/robots.txt", 3, 3, 64),
        _page("/favicon.ico", 8, 3, 150, 404),
    ]
    return pages + [_page(f"/{topic}", random.randint(20, 60), 6, 8_100) for topic in _some(random, _TOPICS)]


def profile(random: Random, rpm: float, pages: list[Page]) -> dict[str, Any]:
    """Return the traffic of an environment, as a profile of a file."""
    facts: dict[str, Any] = {
        "rpm": rpm,
        "pages": pages,
        "utc_offset": random.choice((-300, 0, 0, 60, 120, 330)),
        "overdispersion": random.choice((0.1, 0.15, 0.25)),
        "clients": random.randint(60, 900),
    }
    if random.random() < 0.5:
        facts["bots"] = ["scanner"]
    return facts


def rate_at(facts: dict[str, Any], moment: datetime) -> float:
    """Return about how many requests a minute a profile gives at a moment (UTC)."""
    local = moment + timedelta(minutes=facts["utc_offset"])
    day = facts.get("day", NIGHT_AND_DAY)
    now, following = day[local.hour], day[(local.hour + 1) % 24]
    hour = now + (following - now) * local.minute / 60
    week = facts.get("week", WORKING_WEEK)
    return float(facts["rpm"] * hour * 24 / sum(day) * week[local.weekday()] * 7 / sum(week))


def _some(random: Random, names: tuple[str, ...]) -> list[str]:
    return random.sample(names, random.randint(2, 4))
