"""The peer of `anxin bench camt`: lxml's iterparse reads a camt.053 of as many entries and finds the payment of each; prints JSON.

Arguments: folder for the file, number of entries. Each entry is cleared once read, so memory stays flat; the CPU time is this process's
for reading and matching, without the making of the file.
"""
import json, os, resource, sys, time
from decimal import Decimal

from lxml import etree

folder, entries = sys.argv[1], int(sys.argv[2])
path = os.path.join(folder, "camt053.xml")
space = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
wage = lambda line: (400_000 + line * 37 % 500 * 1_000) / 100

with open(path, "w", encoding="utf-8") as file:
    file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{space}"><BkToCstmrStmt><GrpHdr><MsgId>B1</MsgId>'
               '<CreDtTm>2026-03-02T20:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb>'
               '<Acct><Id><Othr><Id>6200000000000001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>')
    for line in range(1, entries):
        amount = f"{wage(line):.2f}"
        file.write(
            f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
            '<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt>'
            f'<AcctSvcrRef>D1L{line}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E1L{line}</EndToEndId></Refs>'
            f'<Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties><Cdtr><Pty><Nm>测量工人{line}</Nm></Pty></Cdtr>'
            f'<CdtrAcct><Id><Othr><Id>62199999{line:010}</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls></Ntry>')
    file.write("</Stmt></BkToCstmrStmt></Document>")

payments = {f"E1L{line}": line for line in range(1, entries)}
q = lambda *names: "/".join(f"{{{space}}}{name}" for name in names)
detail = q("NtryDtls", "TxDtls")
begun, matched, total = time.process_time(), 0, Decimal(0)
for _, entry in etree.iterparse(path, tag=q("Ntry")):
    amount = Decimal(entry.findtext(q("Amt")))
    told = (entry.findtext(q("CdtDbtInd")), entry.findtext(q("Sts", "Cd")), entry.findtext(q("BookgDt", "Dt")),
            entry.findtext(q("ValDt", "Dt")), entry.findtext(q("AcctSvcrRef")))
    for one in entry.iterfind(detail):
        name = one.findtext(q("RltdPties", "Cdtr", "Pty", "Nm"))
        account = one.findtext(q("RltdPties", "CdtrAcct", "Id", "Othr", "Id"))
        if told[0] == "DBIT" and name and account and one.findtext(q("Refs", "EndToEndId")) in payments:
            matched += 1
    total += amount
    entry.clear()
    while entry.getprevious() is not None:
        del entry.getparent()[0]
spent = time.process_time() - begun
assert matched == len(payments), matched
print(json.dumps({"entries": entries, "matched": matched, "cpu_millis": round(spent * 1000),
                  "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
