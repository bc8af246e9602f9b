"""Writes tests/fixtures/sheets: workbooks by other programs than ours, with what goes wrong in the field.

    python tests/tools/sheets.py tests/fixtures/sheets

Persons are invented; area 119999 is not assigned, so nobody has these numbers.
"""

import datetime
import pathlib
import sys

import openpyxl
import xlsxwriter
import xlwt

ROSTER = ["企业统一社会信用代码", "班组名称", "工人姓名", "证件号码", "当前工种", "手机号码", "发放工资银行卡号", "证件有效期起"]
USCC = "91119999MA0000007J"
STAMP = datetime.datetime(2026, 1, 1)


def roster_openpyxl(path):
    """Good row, number as float, formula without a value, hidden row and column, filter, dates of two kinds."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = STAMP
    sheet = book.active
    sheet.title = "花名册"
    sheet.append(ROSTER)
    sheet.append([USCC, "钢筋一班", "测试甲", "119999199001010012", "020", "13900000001", "6219999999999999994", datetime.date(2020, 1, 2)])
    sheet.append([USCC, "钢筋一班", "测试乙", 119999199001010012, "020", "13900000002", None, None])
    sheet.append([USCC, "钢筋一班", "=A1&\"x\"", "11999919900101032X", "020", "13900000003", None, None])
    sheet.append([USCC.lower(), "钢筋一班", " 测试丁 ", "１１９９９９１９９００１０１０３２x", "木工", 13900000004, "'6219999999999999994", "2020年1月2日"])
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["E"].hidden = True
    sheet.auto_filter.ref = "A1:H5"
    book.save(path)


def roster_1904(path):
    """Serial days that count from 1904."""
    book = xlsxwriter.Workbook(path, {"date_1904": True})
    book.set_properties({"created": STAMP})
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, ROSTER)
    sheet.write_row(1, 0, [USCC, "钢筋一班", "测试甲", "119999199001010012", "020", "13900000001", "6219999999999999994"])
    sheet.write_datetime(1, 7, datetime.datetime(2020, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()


def pay_rows(write, merge):
    """The paper form with two header rows; `write(row, column, value)`, `merge(row, row, column, column, value)`."""
    merge(0, 0, 0, 11, "某某项目2026年10月农民工工资支付表")
    for column, name in enumerate(["序号", "姓名", "身份证号", "出勤天数", "日工资（元）"]):
        merge(1, 2, column, column, name)
    merge(1, 1, 5, 7, "应发")
    for column, name in enumerate(["加班", "奖金", "合计"], 5):
        write(2, column, name)
    merge(1, 1, 8, 9, "扣款")
    write(2, 8, "借支")
    write(2, 9, "罚款")
    merge(1, 2, 10, 10, "实发")
    merge(1, 2, 11, 11, "本人签字")
    people = [("测试甲", "119999199001010012", 22, 260.5, 300, 0, 6031, 500, 0, 5531), ("测试乙", "11999919900101032X", 20.5, 200, 0, 0.1, 4100.1, 0, 0.1, 4100)]
    for place, person in enumerate(people):
        for column, value in enumerate((place + 1,) + person):
            write(3 + place, column, value)
    write(5, 0, "合计")
    for column, value in [(5, 300), (6, 0.1), (7, 10131.1), (8, 500), (9, 0.1), (10, 9631)]:
        write(5, column, value)
    write(7, 0, "制表：")
    write(7, 4, "班组长：")


def pay_xlwt(path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("支付表")
    pay_rows(sheet.write, lambda top, bottom, left, right, value: sheet.write_merge(top, bottom, left, right, value))
    book.save(path)


def far_xlwt(path):
    """Two cells in the far corners of each of two sheets."""
    book = xlwt.Workbook()
    for name in ("a", "b"):
        sheet = book.add_sheet(name)
        sheet.write(0, 0, "x")
        sheet.write(65535, 255, "x")
    book.save(path)


def pay_openpyxl(path):
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = STAMP
    sheet = book.active
    sheet.title = "支付表"

    def write(row, column, value):
        sheet.cell(row + 1, column + 1, value)

    def merge(top, bottom, left, right, value):
        write(top, left, value)
        sheet.merge_cells(start_row=top + 1, end_row=bottom + 1, start_column=left + 1, end_column=right + 1)

    pay_rows(write, merge)
    book.save(path)


def person(number):
    """The identity number that the suite gives its worker of that number."""
    body = f"119999{1970 + number % 30}{1 + number % 12:02}{1 + number % 28:02}{number % 1000:03}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)))
    return body + "10X98765432"[total % 11]


def grid_rows(write):
    """A month grid: a good row, a total that is not the sum, a day that the month has not, a mark without a meaning, a name alone."""
    write(0, 0, "测试项目2026年2月考勤表")
    for column, name in enumerate(["序号", "姓名", "证件号码", "工种", *range(1, 32), "合计"]):
        write(1, column, name)
    rows = [
        ({2: "√", 3: "√", 4: "√", 5: "√", 6: "出勤", 7: 1, 9: 0.5}, 6.5, True),
        ({2: "√", 3: "√"}, 3, True),
        ({2: "√", 30: "√"}, 2, True),
        ({5: "△"}, None, True),
        ({2: "√", 3: "√"}, 2, False),
    ]
    for number, (marks, total, has_id) in enumerate(rows, 1):
        row = number + 1
        write(row, 0, number)
        write(row, 1, f"测试工人{number}")
        if has_id:
            write(row, 2, person(number))
        write(row, 3, "木工")
        for day, mark in marks.items():
            write(row, 3 + day, mark)
        if total is not None:
            write(row, 35, total)
    write(7, 1, "合计")
    write(7, 35, 13.5)


def grid_openpyxl(path):
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = STAMP
    sheet = book.active
    sheet.title = "考勤表"
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=36)
    grid_rows(lambda row, column, value: sheet.cell(row + 1, column + 1, value))
    book.save(path)


def grid_xlwt(path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("考勤表")
    grid_rows(lambda row, column, value: sheet.write(row, column, value))
    book.save(str(path))


def exits_xlwt(path):
    """Exits and an entry with days as the spreadsheet keeps them."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("进退场")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for column, name in enumerate(["班组", "姓名", "证件号码", "进退场日期", "类型"]):
        sheet.write(0, column, name)
    rows = [(1, datetime.date(2026, 2, 20), "退场"), (1, datetime.date(2026, 2, 25), "进场"), (2, datetime.date(2026, 1, 1), 0)]
    for row, (number, on, what) in enumerate(rows, 1):
        sheet.write(row, 0, "木工一班")
        sheet.write(row, 1, f"测试工人{number}")
        sheet.write(row, 2, person(number))
        sheet.write(row, 3, on, day)
        sheet.write(row, 4, what)
    book.save(str(path))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    roster_openpyxl(folder / "roster_openpyxl.xlsx")
    roster_1904(folder / "roster_1904.xlsx")
    pay_xlwt(folder / "pay_xlwt.xls")
    far_xlwt(folder / "far_xlwt.xls")
    pay_openpyxl(folder / "pay_openpyxl.xlsx")
    grid_openpyxl(folder / "grid_openpyxl.xlsx")
    grid_xlwt(folder / "grid_xlwt.xls")
    exits_xlwt(folder / "exits_xlwt.xls")


if __name__ == "__main__":
    main()
