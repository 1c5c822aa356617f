# SPDX-License-Identifier: MIT
"""``openapi.json`` tells the truth: schemathesis plays it against a running node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from goop_node.testing import NodeProcess, start_node

EXAMPLES = [10, pytest.param(100, marks=pytest.mark.soak)]
"""How often each endpoint is asked."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
ENDLESS = {"/api/peers/events"}
LISTS = {
    *("/api/realtime/history", "/api/realtime/pending"),
    *(f"/api/realtime/inspector/{name}" for name in ("logs", "decisions", "replay")),
}
"""Endpoints whose query could be wrong."""
"""Event streams; what they answer is asked below."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    node = start_node(tmp_path_factory.mktemp("openapi") / "node")
    try:
        yield node
    finally:
        assert node.stop() == 0
    log = node.log.read_text()
    assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def document(node: NodeProcess) -> dict[str, Any]:
    answer = httpx.get(f"{node.url}/api/openapi.json", headers=node.headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_a_documented_one(
    node: NodeProcess, document: dict[str, Any], mode: GenerationMode, examples: int
) -> None:
    api = schemathesis.openapi.from_dict(document)
    api.config.update(base_url=node.url)
    played = 0
    for found in api.get_all_operations():
        operation = found.ok()
        if operation.path in ENDLESS:
            continue
        told = document["paths"][operation.path][operation.method]
        if mode.is_negative and not ("requestBody" in told or operation.path in LISTS):
            continue  # there is nothing that could be wrong

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def play(case: Case) -> None:
            case.call_and_validate(headers=node.headers, checks=CHECKS, timeout=30)

        play()
        played += 1
    assert played > (15 if mode.is_positive else 5)


def test_every_operation_documents_its_refusals(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusal = operation["responses"]["4XX"]["$ref"]
            assert refusal == "#/components/responses/4XX", (path, method)
            assert operation["summary"]
            assert operation["description"]
            assert ("requestBody" in operation) == (method == "post" and "abandon" not in path)
    problem = document["components"]["responses"]["4XX"]["content"]
    assert list(problem) == ["application/problem+json"]


def test_event_streams_are_what_they_say(node: NodeProcess, document: dict[str, Any]) -> None:
    for path in ENDLESS:
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        with httpx.stream("GET", node.url + path, headers=node.headers) as answer:
            assert [answer.headers["content-type"].partition(";")[0]] == list(content)
