"""The peers of `anxin bench feeds`: what Python's csv, openpyxl, mt-940 and lxml take to read the same kinds of statement; prints JSON.

Arguments: folder for the files, number of entries. The time is the processor's, for reading alone.
"""
import csv, io, json, os, sys, time
from decimal import Decimal

folder, entries = sys.argv[1], int(sys.argv[2])
wage = lambda item: f"{4000 + item % 500 * 10:.2f}"
clock = lambda item: f"{item % 86000 // 3600:02}:{item % 86000 // 60 % 60:02}:{item % 60:02}"
header = ["交易日期", "交易时间", "收入", "支出", "对方户名", "对方账号", "流水号"]
row = lambda item: ["20260302", clock(item), "", wage(item), f"测量工人{item}", f"62199999{item:010}", f"D1L{item}"]
rows = []


def measure(name, read):
    begun = time.process_time()
    found = read()
    spent = time.process_time() - begun
    assert found == entries, (name, found)
    rows.append({"feed": name, "items": entries, "items_per_second": round(entries / max(spent, 1e-6))})


text = "\r\n".join([",".join(header)] + [",".join(row(item)) for item in range(entries)])
measure("csv", lambda: sum(1 for one in csv.DictReader(io.StringIO(text)) if Decimal(one["支出"]) > 0))

try:
    import openpyxl
    path = os.path.join(folder, "peer.xlsx")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(header)
    for item in range(entries):
        sheet.append(row(item))
    book.save(path)
    load = lambda: openpyxl.load_workbook(path, read_only=True).active.iter_rows(min_row=2, values_only=True)
    measure("xlsx", lambda: sum(1 for one in load() if Decimal(one[3]) > 0))
except ImportError:
    pass

try:
    import mt940
    lines = "".join(f":61:2603020302C{wage(item).replace('.', ',')}NTRFE1L{item}//D1L{item}\r\n:86:?20拨付人工费用?32测量工人{item}\r\n"
                    for item in range(entries))
    statement = f":20:S1\r\n:25:6200000000000001\r\n:28C:1/1\r\n:60F:C260302CNY0,00\r\n{lines}-\r\n"
    measure("mt940", lambda: len(mt940.parse(statement)))
except ImportError:
    pass

print(json.dumps({"rows": rows}))
