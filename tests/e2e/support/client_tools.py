"""The tools that check the OpenAPI document and generate clients from it: npm packages, pinned in tests/clients."""

import os
import shutil
import subprocess

from .program import repository

tools = repository / "build" / "client-tools"
sources = repository / "tests" / "clients"


def run(name, *arguments, cwd):
    """Runs a program of the packages. Returns the CompletedProcess."""
    program = tools / "node_modules" / ".bin" / name
    assert program.exists(), f"{program} is not there; run scripts/fetch_client_tools.sh"
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"}
    return subprocess.run([program, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True,
                          timeout=120, check=False)


def compile_client(document, folder):
    """Generates types from the document, and compiles the client of tests/clients with them. Returns the program's path."""
    for name in ("client.ts", "tsconfig.json"):
        shutil.copy(sources / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    generated = run("openapi-typescript", document, "--output", folder / "triggers.d.ts", cwd=folder)
    assert generated.returncode == 0, generated
    compiled = run("tsc", "--project", folder, cwd=folder)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    return folder / "client.js"
