"""Prints each day of 2020 to 2026 as `2026-03-02 work` or `2026-03-01 off`, from chinesecalendar.

Years may be given: `workdays_chinesecalendar.py 2004 2026` prints from the first to the last day of those years. A year that the package
does not hold ends the program with status 1 instead of answering with plain weekends.
"""

import datetime
import sys

import chinese_calendar


def main():
    first, last = (int(year) for year in sys.argv[1:3]) if len(sys.argv) > 2 else (2020, 2026)
    day, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
    while day <= end:
        try:
            works = chinese_calendar.is_workday(day)
        except NotImplementedError as missing:
            sys.exit(f"the calendar holds no {day.year}: {missing}")
        print(day, "work" if works else "off")
        day += datetime.timedelta(days=1)


if __name__ == "__main__":
    main()
