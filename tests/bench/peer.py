"""Stores the same inbox and punch rows as `anxin bench punches` with Python's sqlite3, and prints its rates as one line of JSON.

    python3 tests/bench/peer.py FOLDER [--groups 1,64,1000] [--batch-groups 1,4] [--seconds 5]

The tables, the size of the rows, WAL and synchronous=FULL are anxin's; so is the number of rows in a transaction, since that is what
decides how often the disk is waited for. It has no HTTP, no parsing, no encryption and no hashing to do: the rows are made before the
clock runs. FOLDER must be on the disk that anxin was measured on.
"""

import argparse
import json
import os
import sqlite3
import tempfile
import time

TABLES = """
CREATE TABLE inbox (
    id BIGINT PRIMARY KEY, feed TEXT NOT NULL, source TEXT NOT NULL, project_id BIGINT, request TEXT NOT NULL, content_type TEXT,
    content_encoding TEXT, body BYTEA NOT NULL, body_sha256 TEXT NOT NULL, body_len BIGINT NOT NULL, truncated BOOLEAN NOT NULL,
    received_at BIGINT NOT NULL, remote TEXT,
    state TEXT NOT NULL CHECK (state IN ('new', 'done', 'part', 'quarantined', 'held', 'duplicate')),
    parser TEXT, parsed_at BIGINT, items INTEGER NOT NULL, items_digest TEXT NOT NULL, attempts INTEGER NOT NULL
);
CREATE INDEX inbox_held ON inbox (source, id) WHERE state = 'held';
CREATE TABLE punch_messages (number INTEGER PRIMARY KEY, inbox_id BIGINT NOT NULL);
CREATE TABLE punch_rows (
    place INTEGER NOT NULL, local_day INTEGER NOT NULL, local_time INTEGER NOT NULL, pin INTEGER NOT NULL, state INTEGER NOT NULL,
    verify INTEGER NOT NULL, ordinal INTEGER NOT NULL, message INTEGER NOT NULL,
    PRIMARY KEY (place, local_day, local_time, pin, state, verify, ordinal)
) WITHOUT ROWID;
"""
INBOX = "INSERT INTO inbox VALUES (" + ",".join("?" * 19) + ")"
NUMBER = "INSERT INTO punch_messages VALUES (?,?)"
PUNCH = "INSERT INTO punch_rows VALUES (" + ",".join("?" * 8) + ") ON CONFLICT DO NOTHING"

DEVICES = 64
PROJECTS = 16
PEOPLE = 200
PASSAGES_OF_DAY = 800
# What encryption adds to a body: nonce and tag.
SEALED = 28
LINE = len("1001\t2026-03-02 06:00:00\t0\t15\t0\t0\t0\n")
BASE = 700_000_000_000_000_000


def open_database(folder):
    connection = sqlite3.connect(os.path.join(folder, "peer.db"), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536", "temp_store = MEMORY"):
        connection.execute("PRAGMA " + pragma)
    connection.executescript(TABLES)
    return connection


def message(number, device, punches):
    """One request of a device: its inbox row and its punches."""
    project = BASE + device % PROJECTS
    source = f"BN123456789X{device}"
    body = os.urandom(punches * LINE + SEALED)
    inbox = (
        BASE + number, "zk", source, project, f"POST /iclock/cdata?SN={source}&table=ATTLOG&Stamp={number}", None, None, body, "0" * 64,
        punches * LINE, 0, 1_770_000_000_000_000 + number, "127.0.0.1", "done", "zk/1", 1_770_000_000_000_000 + number, punches,
        "0" * 64, 1,
    )
    first = number // DEVICES * punches
    rows = [
        (device + 1, 19_000 + n // PASSAGES_OF_DAY, 21_600 + n % PASSAGES_OF_DAY * 45,
         device % PROJECTS * PEOPLE + n * 7919 % PEOPLE, 0, 15, 0, number + 1)
        for n in range(first, first + punches)
    ]
    return inbox, sorted(rows)


def measure(folder, requests, punches, seconds):
    """Transactions of so many requests with so many punches each, for so many seconds."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        connection = open_database(place)
        number, transactions, spent = 0, 0, 0.0
        while spent < seconds:
            inbox, rows = [], []
            for _ in range(requests):
                one, many = message(number, number % DEVICES, punches)
                inbox.append(one)
                rows += many
                number += 1
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INBOX, inbox)
            connection.executemany(NUMBER, [(row[0] - BASE + 1, row[0]) for row in inbox])
            connection.executemany(PUNCH, rows)
            connection.execute("COMMIT")
            spent += time.perf_counter() - begun
            transactions += 1
        connection.close()
    return {
        "requests_per_transaction": requests,
        "punches_per_request": punches,
        "transactions_per_second": int(transactions / spent),
        "requests_per_second": int(number / spent),
        "punches_per_second": int(number * punches / spent),
    }


def numbers(text):
    return [int(part) for part in text.split(",") if part]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--groups", type=numbers, default=[1, 64, 1000], help="requests of one punch in a transaction")
    arguments.add_argument("--batch-groups", type=numbers, default=[1], help="requests of 1,000 punches in a transaction")
    arguments.add_argument("--seconds", type=float, default=4.0)
    given = arguments.parse_args()
    print(json.dumps({
        "sqlite": sqlite3.sqlite_version,
        "single": [measure(given.folder, group, 1, given.seconds) for group in given.groups],
        "batch": [measure(given.folder, group, 1000, given.seconds) for group in given.batch_groups],
    }))


main()
