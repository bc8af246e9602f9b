"""Does what `anxin bench payroll` does with polars and xlsxwriter, and prints its times as one line of JSON.

    python3 tests/bench/payroll_peer.py FOLDER

10,000 workers, thirty days, 600,000 punches. They are folded into days by first and last passage, days are paid by each worker's rate,
the sheet goes out as XLSX in the printed form's columns, and as pain.001 by string. The punches come once from a SQLite file of the same
table, where anxin's are stored, and once from Parquet, where polars is at home. It keeps nothing: no draft, no history of a line, no
journal, no encryption, no commit; names, numbers and cards stand plain in the frame.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time

import polars as pl
import xlsxwriter

WORKERS = 10_000
FIRST_DAY = 20_544  # 2026-04-01
DAYS = 30
OPENING = (6 * 3600, 17 * 3600)
PASSING_SECONDS = 5_400
COLUMNS = ["序号", "姓名", "性别", "身份证号", "工种", "班组", "出勤天数", "日工资", "应发", "加班", "奖金", "扣款合计", "借支", "罚款",
           "实发", "银行卡号", "开户行", "本人签字", "备注"]
TABLE = """
CREATE TABLE punches (
    project_id BIGINT NOT NULL, local_day INTEGER NOT NULL, local_time INTEGER NOT NULL, device_id BIGINT NOT NULL,
    pin_id BIGINT NOT NULL, state INTEGER NOT NULL, verify INTEGER NOT NULL, ordinal INTEGER NOT NULL, inbox_id BIGINT NOT NULL,
    PRIMARY KEY (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal)
) WITHOUT ROWID
"""


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    value = work()
    return {"millis": round((time.perf_counter() - wall) * 1000), "cpu_millis": round((time.process_time() - cpu) * 1000)}, value


def stored(folder):
    """The punches as a table of SQLite and as Parquet."""
    rows = sorted(
        (1, FIRST_DAY + day, opening + worker * 7919 % PASSING_SECONDS, 2, worker, state, 15, 0, 0)
        for day in range(DAYS) for state, opening in enumerate(OPENING) for worker in range(WORKERS)
    )
    path = os.path.join(folder, "punches.db")
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    connection.executemany("INSERT INTO punches VALUES (?,?,?,?,?,?,?,?,?)", rows)
    connection.commit()
    connection.close()
    parquet = os.path.join(folder, "punches.parquet")
    names = ["project_id", "local_day", "local_time", "device_id", "pin_id", "state", "verify", "ordinal", "inbox_id"]
    pl.DataFrame(rows, schema=names, orient="row").write_parquet(parquet)
    return path, parquet


def people():
    return pl.DataFrame({
        "pin_id": range(WORKERS),
        "name": [f"测量{number}" for number in range(WORKERS)],
        "id": [f"119999198001{number:06}" for number in range(WORKERS)],
        "card": [f"6219999{number:012}" for number in range(WORKERS)],
        "rate_fen": [24_000 + number % 9 * 1_000 for number in range(WORKERS)],
    })


def folded(punches, roll):
    """Days by first and last passage, wages by the rate: whole numbers of hundredths and fen."""
    days = punches.group_by("local_day", "pin_id").agg(first=pl.col("local_time").min(), last=pl.col("local_time").max())
    span = pl.col("last") - pl.col("first")
    days = days.with_columns(hundredths=pl.when(span >= 4 * 3600).then(100).when(span >= 2 * 3600).then(50).otherwise(0))
    sums = days.group_by("pin_id").agg(pl.col("hundredths").sum())
    sheet = roll.join(sums, on="pin_id", how="inner").sort("pin_id")
    return sheet.with_columns(net_fen=(pl.col("hundredths") * pl.col("rate_fen") + 50) // 100)


def from_sqlite(path, roll):
    connection = sqlite3.connect(path)
    punches = pl.read_database("SELECT local_day, local_time, pin_id FROM punches WHERE project_id = 1", connection)
    connection.close()
    return folded(punches, roll)


def from_parquet(path, roll):
    return folded(pl.read_parquet(path, columns=["local_day", "local_time", "pin_id"]), roll)


def write_xlsx(path, sheet):
    book = xlsxwriter.Workbook(path, {"constant_memory": False})
    page = book.add_worksheet("工资支付表")
    boxed, text = book.add_format({"border": 1}), book.add_format({"border": 1, "num_format": "@"})
    money = book.add_format({"border": 1, "num_format": "0.00"})
    page.merge_range(0, 0, 0, len(COLUMNS) - 1, "2026年4月工资支付表", boxed)
    for place, name in enumerate(COLUMNS):
        page.write_string(1, place, name, boxed)
    for line, row in enumerate(sheet.iter_rows(named=True), start=2):
        net = row["net_fen"] / 100
        page.write_string(line, 0, str(line - 1), text)
        page.write_string(line, 1, row["name"], text)
        page.write_blank(line, 2, None, boxed)
        page.write_string(line, 3, row["id"], text)
        page.write_string(line, 4, "普工", text)
        page.write_string(line, 5, "一班", text)
        page.write_number(line, 6, row["hundredths"] / 100, boxed)
        page.write_number(line, 7, row["rate_fen"] / 100, money)
        page.write_number(line, 8, net, money)
        page.write_number(line, 9, 0, money)
        page.write_number(line, 10, 0, money)
        page.write_number(line, 11, 0, money)
        page.write_blank(line, 12, None, boxed)
        page.write_blank(line, 13, None, boxed)
        page.write_number(line, 14, net, money)
        page.write_string(line, 15, row["card"], text)
        page.write_string(line, 16, "测量银行", text)
        page.write_blank(line, 17, None, boxed)
        page.write_blank(line, 18, None, boxed)
    book.close()


def pain001(sheet):
    """The transactions alone, without a check of any kind."""
    parts = []
    for row in sheet.iter_rows(named=True):
        amount = f"{row['net_fen'] // 100}.{row['net_fen'] % 100:02}"
        parts.append(
            f"<CdtTrfTxInf><PmtId><EndToEndId>lin-{row['pin_id']}-1</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"CNY\">{amount}</InstdAmt></Amt>"
            f"<Cdtr><Nm>{row['name']}</Nm></Cdtr><CdtrAcct><Id><Othr><Id>{row['card']}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"
        )
    return "<Document><CstmrCdtTrfInitn>" + "".join(parts) + "</CstmrCdtTrfInitn></Document>"


def main():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        database, parquet = stored(folder)
        roll = people()
        sqlite_step, sheet = timed(lambda: from_sqlite(database, roll))
        parquet_step, again = timed(lambda: from_parquet(parquet, roll))
        assert sheet.equals(again) and len(sheet) == WORKERS
        xlsx_step, _ = timed(lambda: write_xlsx(os.path.join(folder, "sheet.xlsx"), sheet))
        pain_step, text = timed(lambda: pain001(sheet))
        print(json.dumps({
            "polars": pl.__version__, "xlsxwriter": xlsxwriter.__version__, "punches": WORKERS * DAYS * 2,
            "sheet_from_sqlite": sqlite_step, "sheet_from_parquet": parquet_step,
            "xlsx": xlsx_step, "xlsx_bytes": os.path.getsize(os.path.join(folder, "sheet.xlsx")),
            "pain001": pain_step, "pain001_bytes": len(text.encode()),
        }))


main()
