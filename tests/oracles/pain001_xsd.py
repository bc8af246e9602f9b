#!/usr/bin/env python3
"""Validates pain.001 and pain.002 files against the schemas in the Python package pain001 (0.0.74).

usage: pain001_xsd.py FILE...    exit 0 all valid, 1 one is not, 2 package, schema or file missing
"""
import sys

from schemas import check, package_folder

check(package_folder("pain001"), sys.argv[1:])
