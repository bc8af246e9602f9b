"""Validates ISO 20022 files (pain.001, pain.002, camt.052/053/054) against the schemas in the folder ANXIN_TEST_XSD.

usage: xsd.py FILE...    exit 0 all valid, 1 one is not, 2 package, schema or file missing

Each file is held against the schema of its own namespace. Last line: `N valid, N not valid`. Nothing is skipped.
"""

import os
import pathlib
import re
import sys


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def main(files):
    try:
        from lxml import etree
    except ImportError:
        fail("the Python package lxml is not installed: run tests/run")
    folder = os.environ.get("ANXIN_TEST_XSD")
    if not folder or not pathlib.Path(folder).is_dir():
        fail("ANXIN_TEST_XSD names no folder: run tests/run")
    if not files:
        fail("name the files to validate")
    parsed = {}
    wrong = 0
    for name in files:
        try:
            document = etree.parse(name, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except (OSError, etree.XMLSyntaxError) as fault:
            fail(f"{name}: {fault}")
        found = re.search(r"(?:camt|pain)\.\d{3}\.\d{3}\.\d{2}$", etree.QName(document.getroot()).namespace or "")
        message = found.group(0) if found else "?"
        if message not in parsed:
            path = pathlib.Path(folder, f"{message}.xsd")
            if not path.is_file():
                fail(f"{name}: no schema for {message} in {folder}")
            parsed[message] = etree.XMLSchema(etree.parse(str(path)))
        if parsed[message].validate(document):
            print(f"{name}: valid {message}")
        else:
            wrong += 1
            for fault in list(parsed[message].error_log)[:20]:
                print(f"{name}:{fault.line}: {fault.message}")
    print(f"{len(files) - wrong} valid, {wrong} not valid")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
