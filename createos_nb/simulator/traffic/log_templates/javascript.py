"""How programs for Node and Bun speak."""

from __future__ import annotations

from createos_nb.simulator.traffic.log_templates.template import LogTemplate

_NODE_FAILURE = {
    "missing-variable": (
        "Error: Missing required environment variable {detail}",
        "    at required (/app/src/config.js:14:11)",
        "    at Object.<anonymous> (/app/src/server.js:6:18)",
    ),
    "missing-module": (
        "Error: Cannot find module '{detail}'",
        "Require stack:",
        "- /app/src/server.js",
        "    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)",
        "  code: 'MODULE_NOT_FOUND'",
    ),
    "connection-refused": (
        "Error: connect ECONNREFUSED {detail}",
        "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)",
    ),
    "timeout": (
        "Error: timeout of 5000ms exceeded: {detail}",
        "    at Timeout._onTimeout (/app/src/upstream.js:41:19)",
    ),
    "port-in-use": (
        "Error: listen EADDRINUSE: address already in use 0.0.0.0:{detail}",
        "    at Server.setupListenHandle [as _listen2] (node:net:1817:16)",
    ),
    "out-of-memory": (
        "<--- Last few GCs --->",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    "error": ("{detail}",),
}
_NODE_DEFAULT = {
    500: "TypeError: Cannot read properties of undefined (reading 'id')",
    502: "Error: upstream answered 502",
    503: "Error: service unavailable, too many pending requests",
    504: "Error: upstream did not answer in time",
}
NODE = LogTemplate(
    start=(
        (100, "INFO", "> app@1.0.0 start"),
        (150, "INFO", "> node src/server.js"),
        (700, "INFO", "configuration loaded, NODE_ENV=production"),
    ),
    listen="listening on 0.0.0.0:{port}",
    access="{method} {path} {status} {ms} ms - {size}",
    failure=_NODE_FAILURE,
    trace=(
        "    at handler (/app/src/routes.js:87:22)  [{method} {path}]",
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    ),
    end=("Node.js v{version}",),
    full="heap used {used} MB, {percent} % of the container's {limit} MB",
    default=_NODE_DEFAULT,
)
NEXT = LogTemplate(
    start=((100, "INFO", "> next start"), (400, "INFO", "  ▲ Next.js 15.1.0"), (700, "INFO", " ✓ Starting...")),
    listen=" ✓ Ready on http://0.0.0.0:{port}",
    access=" {method} {path} {status} in {ms}ms",
    failure=_NODE_FAILURE,
    trace=(
        "    at async Page (/app/.next/server/app/page.js:1:4711)  [{method} {path}]",
        "  digest: '2183094711'",
    ),
    end=("Node.js v{version}",),
    full=NODE.full,
    default=_NODE_DEFAULT,
)
BUN = LogTemplate(
    start=((150, "INFO", "$ bun run src/server.ts"), (700, "INFO", "configuration loaded")),
    listen="Started server: http://0.0.0.0:{port}",
    access="{method} {path} {status} {ms}ms",
    failure={
        **_NODE_FAILURE,
        "missing-module": ('error: Cannot find module "{detail}" from "/app/src/server.ts"',),
        "port-in-use": ("error: Failed to start server. Is port {detail} in use?", ' code: "EADDRINUSE"'),
        "out-of-memory": ("panic: out of memory", "oh no: Bun has crashed."),
    },
    trace=("      at fetch (/app/src/server.ts:52:17)  [{method} {path}]",),
    end=("Bun v{version} (Linux x64)",),
    full=NODE.full,
    default=_NODE_DEFAULT,
)
