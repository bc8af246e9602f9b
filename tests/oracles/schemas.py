"""Finds XML schemas inside installed Python packages and validates files against them.

Shared by pain001_xsd.py and camt_xsd.py. Nothing is skipped: a missing package, schema or file ends with status 2.
"""
import importlib.util
import pathlib
import re
import sys


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def package_folder(name):
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        fail(f"python package {name} is not installed")
    return pathlib.Path(list(spec.submodule_search_locations)[0])


def check(folder, files):
    """Validates each file against the schema of its own namespace; exit status 1 when one does not hold."""
    try:
        from lxml import etree
    except ImportError:
        fail("python package lxml is not installed")
    if not files:
        fail("name the files to validate")
    schemas = {path.stem: path for path in sorted(folder.rglob("*.xsd"))}
    parsed = {}
    wrong = 0
    for name in files:
        try:
            document = etree.parse(name, etree.XMLParser(resolve_entities=False, no_network=True))
        except (OSError, etree.XMLSyntaxError) as fault:
            fail(f"{name}: {fault}")
        found = re.search(r"(?:camt|pain)\.\d{3}\.\d{3}\.\d{2}", etree.QName(document.getroot()).namespace or "")
        message = found.group(0) if found else "?"
        if message not in schemas:
            fail(f"{name}: no schema for {message} in {folder}")
        if message not in parsed:
            parsed[message] = etree.XMLSchema(etree.parse(str(schemas[message])))
        schema = parsed[message]
        if schema.validate(document):
            print(f"{name}: valid {message}")
        else:
            wrong += 1
            for fault in list(schema.error_log)[:20]:
                print(f"{name}:{fault.line}: {fault.message}")
    print(f"{len(files) - wrong} valid, {wrong} not valid")
    sys.exit(1 if wrong else 0)
