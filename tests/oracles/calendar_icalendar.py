# What icalendar reads in a calendar (RFC 5545) on standard input: its events as JSON. A line that is too long, or that ends in anything
# but CRLF, ends with status 1.
import json
import sys

from icalendar import Calendar

raw = sys.stdin.buffer.read()
lines = raw.split(b"\r\n")
if lines[-1] != b"" or any(b"\n" in line or b"\r" in line or len(line) > 75 for line in lines):
    sys.exit(1)
found = []
for event in Calendar.from_ical(raw).walk("VEVENT"):
    found.append({
        "uid": str(event["UID"]),
        "start": event["DTSTART"].dt.isoformat(),
        "end": event["DTEND"].dt.isoformat(),
        "summary": str(event["SUMMARY"]),
        "description": str(event["DESCRIPTION"]),
        "sequence": int(event["SEQUENCE"]),
    })
json.dump(found, sys.stdout)
