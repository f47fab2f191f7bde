"""Names of made-up accounts, projects and hosts; hosts are of domains that are kept for examples."""

from __future__ import annotations

from typing import Final

#: GitHub account, its name, username and name of whose account it is.
ACCOUNTS: Final = (
    ("juniper-goods", "marlow", "Marlow Ashdown"),
    ("harbour-works", "isolde", "Isolde Fenwick-Tarn"),
    ("quiet-lantern", "osric", "Osric Pellwater"),
    ("copper-finch", "linnea", "Linnea Brackenhurst"),
    ("northfold", "caspian", "Caspian Thornwick"),
)
SHOPS: Final = (
    "storefront",
    "bookshop",
    "tea-house",
    "garden-shop",
    "record-store",
    "bakery",
    "toy-chest",
    "outfitter",
)
SERVICES: Final = (
    "orders-api",
    "billing",
    "parcels",
    "bookings",
    "invoices",
    "accounts",
    "search-api",
    "mailer",
    "thumbnails",
    "reports",
    "recommendations",
    "stock-keeper",
    "notifier",
    "ledger",
    "quotes",
    "sensor-hub",
)
SITES: Final = ("landing-pages", "handbook", "press-room", "spring-fair", "status-page", "open-days", "menu-card")
ENVIRONMENTS: Final = (
    ("production", "Production"),
    ("production", "Production"),
    ("live", "Live"),
    ("main-site", "Main site"),
    ("prod", "Prod"),
)
PACKAGES: Final = ("pricing", "money", "tracing", "forms", "calendar", "receipts", "geometry", "audit")
FIELDS: Final = ("shipping", "discount", "currency", "seats", "customer", "postcode", "quantity", "locale", "expires")
VARIABLES: Final = (
    "PAYMENTS_URL",
    "DATABASE_URL",
    "SESSION_SECRET",
    "CACHE_URL",
    "SEARCH_TOKEN",
    "MAIL_FROM",
    "BUCKET_NAME",
    "TAX_REGION",
)
PROVIDERS: Final = (
    ("payments", "443"),
    ("mail", "587"),
    ("maps", "443"),
    ("rates", "443"),
    ("identity", "443"),
    ("search", "9243"),
    ("pictures", "443"),
)
