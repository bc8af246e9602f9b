"""A bank for tests: PyPI's mock-bank on a free port of the loopback address, spoken to over HTTP.

Arguments: the number of the wage account, its balance in fen, then the cards of two of the bank's own customers: the first one's account
is closed, the second one's bank cannot be found. The mock names accounts by IBAN only, so a gateway stands before it, as banks have one:
on the way in our numbers become its IBANs, on the way out its IBANs become our numbers.
Each line of standard input is a request, {"method", "path", "body"}; each line of output its answer, {"status", "body"}. The first line
of output is the port. It ends when its standard input does.
"""
import json, os, re, sys, tempfile, threading, urllib.error, urllib.request

from mockbank.server import Config, make_server

SPARE = ["NL30MOCK0000000005", "NL03MOCK0000000006", "NL73MOCK0000000007"]


def ask(port, method, path, body):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
    kind = "application/xml" if isinstance(body, str) else "application/json"
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, method=method, headers={"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as refusal:
        return {"status": refusal.code, "body": refusal.read().decode()}


def main():
    number, balance, closed, lost = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        book = os.path.join(folder, "bank.db")
        server = make_server(Config(port=0, db_path=book, quiet=True, clock="2026-03-02T09:00", timezone="Asia/Shanghai"))
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ibans = dict(zip((number, closed, lost), SPARE))
        accounts = [("WAGE", int(balance), "accept"), ("CLOSED", 0, "closed-account"), ("LOST", 0, "bad-bank-id")]
        for (name, amount, behaviour), iban in zip(accounts, SPARE):
            body = {"id": name, "name": name, "iban": iban, "bic": "MOCKNL2A", "currency": "CNY", "balance": amount, "behaviour": behaviour}
            made = ask(port, "POST", "/_mock/accounts", body)
            assert made["status"] < 300, made
        print(port, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            body = request.get("body")
            if isinstance(body, str):
                for own, iban in ibans.items():
                    body = body.replace(f"<Id>{own}</Id>", f"<Id>{iban}</Id>")
            answer = ask(port, request["method"], request["path"], body)
            for own, iban in ibans.items():
                answer["body"] = re.sub(rf"<IBAN>{iban}</IBAN>", f"<Othr><Id>{own}</Id></Othr>", answer["body"])
            print(json.dumps(answer), flush=True)
        server.shutdown()


main()
