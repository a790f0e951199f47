"""A stand-in for Solr, in memory, for tests of a real CKAN: it answers the few calls that CKAN makes through pysolr.

Matching is by whole tokens, whatever their case; there is no stemming, ranking or highlighting. As a program:
``solr_stub.py PORT SCHEMA_XML``.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOKENS = re.compile(r'\s*(\(|\)|\[[^\]]*\]|\{[^}]*\}|"(?:\\.|[^"\\])*"|\+|-(?=\S)|!|(?:\\.|[^\s()"\[\]{}:])+:?|:)')
CATCH_ALL = ("name", "title", "notes", "tags", "groups", "organization", "author", "res_name")
WHOLE = frozenset({
    "id", "site_id", "state", "name", "entity_type", "dataset_type", "owner_org", "permission_labels", "organization",
    "groups", "tags", "capacity", "res_format", "license_id",
})  # fmt: skip
documents: dict[str, dict] = {}
lock = threading.Lock()
schema = b""


def values(document, field):
    if field in (None, "text", "*"):
        found = [value for name in CATCH_ALL for value in values(document, name)]
        return found + [str(value) for key, value in document.items() if key.startswith("extras_")]
    value = document.get({"title_ngram": "title", "name_ngram": "name"}.get(field, field))
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def words(text):
    return re.findall(r"\w+", text.lower())


def matches(document, field, raw):
    if raw == "*":
        return field in (None, "*") or bool(values(document, field))
    if raw[0] in "[{":
        low, high = (end.strip().strip('"') for end in raw[1:-1].split(" TO "))
        return any((low == "*" or value >= low) and (high == "*" or value <= high) for value in values(document, field))
    phrase = raw[0] == '"'
    text = re.sub(r"\\(.)", r"\1", raw[1:-1] if phrase else raw).lower()
    found = [value.lower() for value in values(document, field)]
    if text in found:
        return True
    if text.endswith("*"):
        return any(value.startswith(text[:-1]) or any(w.startswith(text[:-1]) for w in words(value)) for value in found)
    wanted = words(text)
    if field in WHOLE or not wanted:
        return False
    if phrase:
        return any(" ".join(wanted) in " ".join(words(value)) for value in found)
    have = {word for value in found for word in words(value)}
    return all(any(one.startswith(word) for one in have) for word in wanted)


class Parser:
    """The part of Lucene's syntax that CKAN writes."""

    def __init__(self, text):
        self.tokens, self.at = TOKENS.findall(text), 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, field=None):
        either = [[]]  # side by side is AND
        while self.peek() not in (None, ")"):
            token = self.peek()
            if token in ("OR", "||"):
                self.next()
                either.append([])
                continue
            if token in ("AND", "&&"):
                self.next()
                continue
            negative = False
            while self.peek() in ("+", "-", "!", "NOT"):
                negative ^= self.next() != "+"
            if self.peek() is None:
                break
            clause = self.clause(field)
            either[-1].append((lambda document, clause=clause: not clause(document)) if negative else clause)
        if not any(either):
            return lambda document: True
        return lambda document: any(all(clause(document) for clause in every) for every in either if every)

    def clause(self, field):
        token = self.next()
        if token.endswith(":") and len(token) > 1:
            return self.clause(token[:-1]) if self.peek() is not None else (lambda document: True)
        if token == "(":
            found = self.expression(field)
            if self.peek() == ")":
                self.next()
            return found
        return lambda document: matches(document, field, token)


def compiled(query):
    query = re.sub(r"^\{![^}]*\}", "", (query or "*:*").strip())
    return (lambda document: True) if query in ("", "*:*") else Parser(query).expression()


def select(given):
    def one(key, default=""):
        return given.get(key, [default])[0]

    tests = [compiled(one("q"))] + [compiled(query) for query in given.get("fq", [])]
    with lock:
        hits = [document for document in documents.values() if all(test(document) for test in tests)]
    for part in reversed([part.strip() for part in one("sort").split(",") if part.strip()]):
        field, _, way = part.partition(" ")
        if field != "score":
            hits.sort(key=lambda document: (values(document, field) or [""])[0].lower(), reverse=way.strip() == "desc")
    facets = {}
    for field in given.get("facet.field", []):
        counted: dict[str, int] = {}
        for document in hits:
            for value in values(document, field):
                counted[value] = counted.get(value, 0) + 1
        facets[field] = [
            part for pair in sorted(counted.items(), key=lambda item: (-item[1], item[0])) for part in pair
        ]
    start, rows = int(one("start") or 0), int(one("rows", "10") or 0)
    fields = [field for field in re.split(r"[\s,]+", one("fl", "*") or "*") if field]
    shown = [
        document if "*" in fields else {key: value for key, value in document.items() if key in fields}
        for document in hits[start : start + rows]
    ]
    return {
        "responseHeader": {"status": 0, "QTime": 0},
        "response": {"numFound": len(hits), "start": start, "docs": shown},
        "facet_counts": {"facet_fields": facets, "facet_queries": {}},
    }


def put(document):
    documents[document["index_id"]] = {key: value for key, value in document.items() if value is not None}


def from_xml(element):
    document: dict = {}
    for field in element.findall("field"):
        key, value = field.get("name"), field.text or ""
        before = document.get(key)
        document[key] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return document


def update(body, kind):
    with lock:
        if "json" in kind:
            given = json.loads(body)
            for document in given if isinstance(given, list) else [given]:
                put(document)
        elif body.strip():
            root = ET.fromstring(body)
            for element in root.iter("doc"):
                put(from_xml(element))
            for query in root.findall("query") if root.tag == "delete" else ():
                test = compiled(query.text)
                for key in [key for key, document in documents.items() if test(document)]:
                    del documents[key]
    return {"responseHeader": {"status": 0, "QTime": 0}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: two would wait for each other
    disable_nagle_algorithm = True

    def reply(self, body, kind="application/json", code=200):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        path = address.path.rstrip("/")
        try:
            if path.endswith("/schema"):
                self.reply(schema, "application/xml")
            elif path.endswith("/update"):
                self.reply(update(body, self.headers.get("Content-Type", "")))
            elif path.endswith("/select"):
                self.reply(select(parse_qs(address.query or body)))
            elif path.endswith("/admin/ping"):
                self.reply({"status": "OK"})
            else:
                self.reply({"error": {"msg": f"no {path} here"}}, code=404)
        except Exception as error:  # noqa: BLE001 - as Solr does, so that CKAN reports it
            self.reply({"error": {"msg": repr(error), "code": 400}}, code=400)

    do_GET = do_POST = answer  # noqa: N815 - http.server's names

    def log_message(self, *_):
        """Keep quiet."""


if __name__ == "__main__":
    schema = Path(sys.argv[2]).read_bytes()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
