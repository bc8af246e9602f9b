"""A contractor's uploader: signs and sends as real clients in Python do, and drives the whole chain from company to wages.

Usage: uploader.py HOST:PORT APP_ID SECRET CONTRACTOR_CODE CONTRACTOR_NAME ID_NUMBER ID_NUMBER CARD CARD
Prints one JSON line for each message and ends with status 1 when an answer is not the one that the protocol asks for.
JSON is written with blanks and escapes, the body carries `Content-Encoding: UTF-8`, and nothing is taken from the server's own code.
"""
import base64
import datetime
import hashlib
import http.client
import json
import secrets
import sys
import time
import urllib.parse

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WAIT_SECONDS = 40
HEAD = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(400)).decode()


class Uploader:
    def __init__(self, address, app_id, secret):
        self.address, self.app_id, self.secret = address, app_id, secret

    def aes(self, plain):
        key = self.secret.encode()
        padder = padding.PKCS7(128).padder()
        padded = padder.update(plain.encode()) + padder.finalize()
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()

    def unaes(self, text):
        key = self.secret.encode()
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = cipher.update(base64.b64decode(text)) + cipher.finalize()
        unpadder = padding.PKCS7(128).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()

    def send(self, method, data):
        # This client's clock is right and its time is in UTC, as one real client sends it.
        values = {
            "appid": self.app_id,
            "method": method,
            "version": "1.0",
            "format": "json",
            "timestamp": datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%S"),
            "nonce": secrets.token_hex(16),
            "data": json.dumps(data),
        }
        text = "&".join(f"{key}={values[key]}" for key in sorted(values)) + "&appsecret=" + self.secret
        values["sign"] = hashlib.sha256(text.lower().encode()).hexdigest()
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "UTF-8"}
        connection.request("POST", "/open.api", urllib.parse.urlencode(values), headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"{method}: HTTP {response.status} {body[:200]!r}")
        time.sleep(0.12)
        return json.loads(body)

    def ask(self, method, data):
        answer = self.send(method, data)
        if answer["code"] != "0":
            raise SystemExit(f"{method}: {answer}")
        return answer["data"]

    def add(self, method, data):
        code = self.ask(method, data)["requestSerialCode"]
        end = time.time() + WAIT_SECONDS
        while time.time() < end:
            found = self.ask("AsyncHandleResult.Query", {"requestSerialCode": code})
            if found["status"] != "0":
                print(json.dumps({"method": method, "status": found["status"], "result": found["result"]}), flush=True)
                if found["status"] != "20":
                    raise SystemExit(f"{method}: {found}")
                return json.loads(found["result"]) if found["result"] else {}
            time.sleep(0.3)
        raise SystemExit(f"{method}: no result after {WAIT_SECONDS} s")

    def add_twice(self, method, data):
        first, second = self.add(method, data), self.add(method, data)
        if first != second:
            raise SystemExit(f"{method}: twice gave {first} and {second}")
        return first


def main():
    address, app_id, secret, corp, corp_name = sys.argv[1:6]
    people, cards = sys.argv[6:8], sys.argv[8:10]
    up = Uploader(address, app_id, secret)
    up.ask("CheckSign.Query", {})
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    entry = today - datetime.timedelta(days=40)
    worked = today - datetime.timedelta(days=1)
    up.add_twice("Corp.Upload", {"corpCode": corp, "corpName": corp_name})
    project = up.add_twice("Project.Add", {
        "contractorCorpCode": corp, "contractorCorpName": corp_name, "name": "上传测试项目", "category": "01",
        "builderLicenses": [{"prjName": "一期", "builderLicenseNum": up.aes("119999-1")}], "areaCode": "330784",
        "prjStatus": "003", "thirdPartyProjectCode": "PY-1", "startDate": str(entry), "invest": 1200.5,
    })["projectCode"]
    head = {"projectCode": project, "corpCode": corp, "corpName": corp_name}
    up.add_twice("ProjectSubContractor.Add", dict(head, corpType="009"))
    team = up.add_twice("Team.Add", dict(head, teamName="钢筋一班"))["teamSysNo"]
    crew = dict(head, teamSysNo=str(team), teamName="钢筋一班")
    papers = [{"idCardType": "01", "idCardNumber": up.aes(number)} for number in people]
    up.add_twice("ProjectWorker.Add", dict(crew, workerList=[
        dict(one, workerName=f"测试{n}", isTeamLeader=0, workType="020", workRole="20", nation="01", address="某地", headImage=HEAD,
             politicsType="13", cellPhone="13800000000", cultureLevelType="03", grantOrg="某公安局",
             payRollBankCardNumber=up.aes(cards[n]), payRollBankName="测试银行")
        for n, one in enumerate(papers)
    ]))
    up.add_twice("WorkerEntryExit.Add", dict(crew, workerList=[dict(one, date=str(entry), type=1) for one in papers]))
    up.add_twice("WorkerContract.Add", {"projectCode": project, "contractList": [
        dict(one, corpCode=corp, corpName=corp_name, contractPeriodType=1, startDate=str(entry),
             endDate=str(today + datetime.timedelta(days=200)), unit="81", unitPrice="35.50")
        for one in papers
    ]})
    up.add_twice("WorkerAttendance.Add", {"projectCode": project, "teamSysNo": team, "dataList": [
        dict(one, date=f"{worked} {hour}", direction=way, channel="1号门", attendType="001")
        for one in papers for hour, way in (("07:58:03", "01"), ("18:02:41.250", "02"))
    ]})
    up.add_twice("Payroll.Add", dict(crew, payMonth=worked.strftime("%Y-%m"), detailList=[
        dict(one, payRollBankCardNumber=up.aes(cards[n]), payRollBankCode="102", payRollBankName="测试银行",
             PayBankCardNumber=up.aes("3301000012345678"), payBankCode="102", payBankName="测试银行", totalPayAmount=6500.5,
             actualAmount="6500.50", isBackPay=0, balanceDate=str(today), thirdPayRollCode=f"R-{n}", days=21.5)
        for n, one in enumerate(papers)
    ]))
    rows = up.ask("ProjectWorker.Query", {"projectCode": project, "pageIndex": 0, "pageSize": 50})
    found = sorted(up.unaes(row["idCardNumber"]) for row in rows["rows"])
    if found != sorted(people) or rows["totalCount"] != len(people):
        raise SystemExit(f"the roll holds {rows}")
    print(json.dumps({"project": project, "team": team}), flush=True)


main()
