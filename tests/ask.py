"""Asking a running user interface as its pages do: GraphQL over HTTP, past any proxy."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))
RUNS = (
    "{ runsOrError(limit: 50) { ... on Runs { results "
    "{ runId status startTime tags { key value } } } } }"
)


def ask(url: str, query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with LOCAL.open(request, timeout=60) as answer:
        found = json.loads(answer.read())
    assert "errors" not in found, found["errors"]
    return found["data"]


def runs(url: str) -> list[dict[str, Any]]:
    """Every run, the newest first: status, start and tags."""
    results: list[dict[str, Any]] = ask(url, RUNS)["runsOrError"]["results"]
    for run in results:
        run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
    return results
