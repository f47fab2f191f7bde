"""How programs in Python speak, behind uvicorn and behind gunicorn."""

from __future__ import annotations

from createos_nb.simulator.traffic.log_templates.template import LogTemplate

_PYTHON_FAILURE = {
    "missing-variable": (
        "Traceback (most recent call last):",
        '  File "/app/settings.py", line 9, in <module>',
        '    value = os.environ["{detail}"]',
        "KeyError: '{detail}'",
    ),
    "missing-module": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 3, in <module>',
        "    import {detail}",
        "ModuleNotFoundError: No module named '{detail}'",
    ),
    "connection-refused": (
        "Traceback (most recent call last):",
        '  File "/app/store.py", line 31, in connect',
        "    raise ConnectionRefusedError(errno, message)",
        "ConnectionRefusedError: [Errno 111] Connection refused: {detail}",
    ),
    "timeout": (
        "Traceback (most recent call last):",
        '  File "/app/upstream.py", line 24, in fetch',
        "    raise TimeoutError(name)",
        "TimeoutError: {detail}",
    ),
    "port-in-use": ("ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', {detail})",),
    "out-of-memory": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 88, in load',
        "    rows = source.read()",
        "MemoryError",
    ),
    "error": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 57, in handle',
        "    return answer(request)",
        "{detail}",
    ),
}
_PYTHON_DEFAULT = {
    500: "AttributeError: 'NoneType' object has no attribute 'id'",
    502: "RuntimeError: upstream answered 502",
    503: "RuntimeError: pool is exhausted",
    504: "TimeoutError: upstream did not answer in time",
}
UVICORN = LogTemplate(
    start=(
        (200, "INFO", "INFO:     Started server process [1]"),
        (300, "INFO", "INFO:     Waiting for application startup."),
        (900, "INFO", "INFO:     Application startup complete."),
    ),
    listen="INFO:     Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)",
    access='INFO:     {client}:0 - "{method} {path} HTTP/1.1" {status} {reason}',
    failure=_PYTHON_FAILURE,
    trace=("ERROR:    Exception in ASGI application  [{method} {path}]",),
    end=("ERROR:    Application startup failed. Exiting.",),
    full="WARNING:  resident memory {used} MB, {percent} % of {limit} MB",
    default=_PYTHON_DEFAULT,
)
GUNICORN = LogTemplate(
    start=(
        (150, "INFO", "[1] [INFO] Starting gunicorn 23.0.0"),
        (900, "INFO", "[7] [INFO] Booting worker with pid: 7"),
    ),
    listen="[1] [INFO] Listening at: http://0.0.0.0:{port} (1)",
    access='{client} - - [{clock}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"',
    failure=_PYTHON_FAILURE,
    trace=("[7] [ERROR] Exception on {path} [{method}]",),
    end=("[1] [ERROR] Worker failed to boot.", "[1] [INFO] Shutting down: Master"),
    full="[7] [WARNING] resident memory {used} MB, {percent} % of {limit} MB",
    default=_PYTHON_DEFAULT,
)
