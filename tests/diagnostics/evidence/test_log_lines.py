"""What lines of logs say, in the words of many languages, frameworks and tools."""

from __future__ import annotations

import pytest

from createos_nb.diagnostics.evidence.log_lines import classify

SAID = [
    ("Error: Missing required environment variable PAYMENTS_URL", "missing_variable", "PAYMENTS_URL"),
    ("KeyError: 'DATABASE_URL'", "missing_variable", "DATABASE_URL"),
    ("panic: environment variable REDIS_URL is not set", "missing_variable", "REDIS_URL"),
    ("SECRET_KEY_BASE must be set: NotPresent", "missing_variable", "SECRET_KEY_BASE"),
    ("django.core.exceptions.ImproperlyConfigured: SECRET_KEY is required", "missing_variable", "SECRET_KEY"),
    ("ERROR config: undefined env var: STRIPE_KEY", "missing_variable", "STRIPE_KEY"),
    ("Error: timeout of 5000ms exceeded: payments.example.com", "dependency", "payments.example.com"),
    ("Error: connect ECONNREFUSED 10.0.3.7:5432", "dependency", "10.0.3.7:5432"),
    ("Error: getaddrinfo ENOTFOUND search.example.net", "dependency", "search.example.net"),
    ("dial tcp 10.0.0.4:6379: connect: connection refused", "dependency", "10.0.0.4:6379"),
    ("context deadline exceeded (Client.Timeout exceeded): maps.example.org", "dependency", "maps.example.org"),
    (
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.example.com', port=443)",
        "dependency",
        "api.example.com",
    ),
    ("psycopg2.OperationalError: could not connect to main.db.example.net", "dependency", "main.db.example.net"),
    (
        "upstream error: 503 Service Unavailable from https://identity.example.org/",
        "dependency",
        "identity.example.org",
    ),
    ("FetchError: request to https://mail.example.com/send failed", "dependency", "mail.example.com"),
    ("fatal error: runtime: out of memory", "out_of_memory", ""),
    ("java.lang.OutOfMemoryError: Java heap space", "out_of_memory", ""),
    (
        "platform: replica 1/2: OOMKilled, memory limit of 512 MB exceeded (exit code 137); restart in 10 s",
        "out_of_memory",
        "",
    ),
    ("platform: replica 1/2: process ended with exit code 1; restart 3 in 20 s", "crash", "1"),
    ("platform: CPU throttled at the limit of 500 millicores on 1 replica", "throttled", ""),
    ("gateway: GET /cart 504 no answer within 30 s (client 192.0.2.4)", "no_answer", ""),
    ("gateway: GET / 502 connect to port 3000: connection refused (client 192.0.2.4)", "refused", ""),
    ("platform: health check failed: connection to port 8080 refused; the app listens on 0.0.0.0:3000", "port", "3000"),
    (
        "TypeError: Cannot read properties of undefined (reading 'shipping')",
        "exception",
        "TypeError: Cannot read properties of undefined (reading 'shipping')",
    ),
]


@pytest.mark.parametrize(("text", "kind", "detail"), SAID)
def test_what_a_line_says(text: str, kind: str, detail: str) -> None:
    assert classify(text) == (kind, detail)
    assert classify(f"ERROR {text}") == (kind, detail)


@pytest.mark.parametrize(
    "text",
    [
        "    at handler (/app/src/routes.js:87:22)  [GET /cart]",
        "Traceback (most recent call last):",
        "goroutine 1 [running]:",
        "Node.js v20.18.1",
        "GET /products 500 12 ms - 80",
        '192.0.2.4 - - [04/Mar/2026:13:20:00 +0000] "GET / HTTP/1.1" 500 12 "-" "Mozilla/5.0"',
        "",
    ],
)
def test_lines_that_say_nothing_of_their_own(text: str) -> None:
    assert classify(text) is None


@pytest.mark.parametrize(
    "text", ["GET /status 200 3 ms", "configuration loaded, NODE_ENV=production", "user 504 logged in"]
)
def test_lines_below_a_warning_are_no_failures(text: str) -> None:
    assert classify(text, "info") is None


def test_an_address_to_read_more_is_no_dependency() -> None:
    kind, _ = classify("Error: hydration failed, see https://nextjs.org/docs/messages/react-hydration-error") or (
        "",
        "",
    )
    assert kind == "exception"
