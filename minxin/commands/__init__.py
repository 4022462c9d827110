"""Commands: one module each, with ``register``; they call the engine and print what it answers."""

#: Which module has which command. One command needs one module, and the others take a second to import.
MODULES = {
    "assess": "assess",
    "batches": "warehouse",
    "build": "warehouse",
    "check": "check",
    "classify": "classify",
    "demo": "demo",
    "deployment": "deployment",
    "draw": "draw",
    "import": "imports",
    "pages": "pages",
    "prune": "warehouse",
    "query": "query",
    "revoke": "revoke",
    "rollback": "warehouse",
    "snapshots": "warehouse",
    "template": "template",
    "whitelist": "whitelist",
    "withdraw": "imports",
}
