"""Says what python-stdnum thinks of check digits, so that a Rust test can compare.

Standard input: one `KIND TEXT` a line, KIND one of `id`, `uscc`, `luhn`. Standard output: for each line, in order,
`KIND TEXT VERDICT`: for `id` and `uscc` the check character that belongs to the text without its last character,
for `luhn` `ok` or `bad`; `form` where the text has not the form to be checked at all.

Only check digits are asked for: cn.ric also looks up the place, refuses 81/82/83 and 9xxxxx numbers and can fail with an
uncaught error on an unassigned area.
"""

import sys

from stdnum import luhn
from stdnum.cn import ric, uscc

CODE_LETTERS = set("0123456789ABCDEFGHJKLMNPQRTUWXY")


def verdict(kind, text):
    if kind == "id":
        if len(text) != 18 or not (text[:17].isascii() and text[:17].isdigit()):
            return "form"
        return ric.calc_check_digit(text)
    if kind == "uscc":
        if len(text) != 18 or not set(text) <= CODE_LETTERS:
            return "form"
        return uscc.calc_check_digit(text)
    if kind == "luhn":
        if not (text.isascii() and text.isdigit()):
            return "form"
        return "ok" if luhn.is_valid(text) else "bad"
    sys.exit(f"unknown kind {kind!r}: write id, uscc or luhn")


def main():
    for line in sys.stdin:
        kind, _, text = line.rstrip("\n").partition(" ")
        if kind:
            print(kind, text, verdict(kind, text))


if __name__ == "__main__":
    main()
