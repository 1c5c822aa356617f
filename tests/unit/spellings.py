# SPDX-License-Identifier: MIT
"""Ways to write a path: those that are not normal, and those of other paths."""

from __future__ import annotations

from collections.abc import Iterable

PORT = 8787


def misspelled(path: str) -> Iterable[bytes]:
    """Spellings that some server, proxy, framework or file system takes for ``path``."""
    first, *rest = path.split("/")[1:]
    tail = "/".join(rest)
    for letter in dict.fromkeys(first):
        yield path.replace(letter, f"%{ord(letter):02x}", 1).encode()
    last = path[-1]
    for text in (
        f"/{path}",
        f"//{path}",
        path + "/",
        path + "//",
        path.replace("/", "//"),
        f"/{first}//{tail}",
        f"/.{path}",
        f"/{first}/./{tail}",
        f"/x/..{path}",
        f"/..{path}",
        f"/{first}/../{first}/{tail}",
        f"/{first}/x/../{tail}",
        path + "/.",
        path + "/..",
        path + "/x/..",
        f"/%2e{path}",
        f"/%2E%2e{path}",
        f"/x/%2e%2e{path}",
        f"/{first}/%2e/{tail}",
        f"/{first}/.%2e/{first}/{tail}",
        f"/%2f{path[1:]}",
        f"/%2F{path[1:]}",
        f"%2f{path[1:]}",
        f"/{first}%2f{tail}",
        f"/{first}%2F{tail}",
        path.replace("/", "%2f"),
        f"/%5c{path[1:]}",
        f"/{first}%5C{tail}",
        f"\\{path[1:]}",
        f"/{first}\\{tail}",
        f"/\\{path}",
        path + ";",
        path + ";a=b",
        f"/{first};a=b/{tail}",
        f"/;{path}",
        f"/x/..;{path}",
        path + "%00",
        path + "\0",
        f"/%00{path}",
        path + "%0a",
        path + "%0d%0a",
        path + "%7f",
        path + " ",
        path + "\t",
        path + "\n",
        f" {path}",
        path + "?",
        path + "#",
        path[:-1] + f"%{ord(last):02x}",
        path[:-1] + f"%{ord(last):02X}",
        path[:-1] + f"%u00{ord(last):02x}",
        path + "%",
        path + "%2",
        path + "%zz",
        path + "%c0%af",
        f"/{first}%c0%af{tail}",
        path + "%ff",
        path + "%c2%85",
        path[1:],
        "",
        "*",
        f"http://localhost:{PORT}{path}",
        f"http://evil.example{path}",
        f"//localhost:{PORT}{path}",
    ):
        yield text.encode("latin-1")
    yield path.encode() + b"\xc3\xa9"
    yield path.encode() + b"\xff"
    yield path.replace("/", "\uff0f").encode()


def elsewhere(path: str) -> Iterable[bytes]:
    """Spellings that are normal, of another path than ``path``."""
    for text in (
        path + "x",
        path + "%20",
        path + ".json",
        path + "..",
        path + "%2561",
        path + "%3f",
        path + "%23",
        path + "%3B",
        path + "/x",
        path.replace("/api/", "/api/%252f"),
        path.replace("/api/", "/%EF%BC%8Fapi/"),
        path.replace("/api", "/api%EF%BC%8F"),
        path.upper(),
        path.replace("/api", "/Api"),
        path.replace("/api", "/API"),
        f"/x{path}",
        "/api",
        "/api/",
    ):
        yield text.encode()
