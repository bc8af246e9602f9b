"""Prints each day of 2020 to 2026 as `2026-03-02 work` or `2026-03-01 off`, from PyPI holidays (China, make-up days included).

The same output as workdays_chinesecalendar.py, from a source that others keep.
"""

import datetime

import holidays


def main():
    first, last = 2020, 2026
    # A make-up day may belong to a holiday of the year before or after.
    china = holidays.country_holidays("CN", years=range(first - 1, last + 2))
    day, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
    while day <= end:
        print(day, "work" if china.is_working_day(day) else "off")
        day += datetime.timedelta(days=1)


if __name__ == "__main__":
    main()
