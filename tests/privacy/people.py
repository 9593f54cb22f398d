"""Marked people among the hard cases: in good rows, bad rows, names of files and of sheets.

Their names are of characters that occur nowhere else; numbers are of a region that does not exist.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import openpyxl

from pipelines.settings import ROOT

SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing"
DAY = "20261120"
GOOD, BAD, GUARDIAN, CLERK, FILE = "龘靐齉", "爩麤灪", "齾鸾龗", "籲爨癵", "驫厵灥"
WORDS: dict[str, str] = {
    "name in a good row": GOOD,
    "name in a bad row": BAD,
    "name of a guardian": GUARDIAN,
    "name in a free text": CLERK,
    "name in the name of a file": FILE,
    "number of a good row": "990102198804120913",
    "number of a bad row": "990102199105230928",
    "number of a guardian": "990102196203040915",
    "phone": "19899120317",
    "phone of a guardian": "19899120318",
    "phone in a free text": "19899120319",
    "address": "麤麤里九十九号",
    "roll number": "G990102201409170924",
    "words of a visitor": "鱻鱻垚垚",
    "words of a dispute": "犇犇羴羴",
    "words of a judgement": "猋猋骉骉",
    "header of a file": "蟲蟲電話",
    "key of a register": "HWMARK9912",
}


def add(landing: Path, dataset: str, *rows: dict[str, str], name: str | None = None) -> Path:
    """Rows by header, in a file of the dataset's usual headers; other headers come after them."""
    first = next((SAMPLE / dataset).glob("*.csv")).read_bytes().splitlines()[0]
    try:
        headers = next(csv.reader([first.decode("utf-8-sig")]))
    except UnicodeDecodeError:
        headers = next(csv.reader([first.decode("gb18030")]))
    headers += [header for row in rows for header in row if header not in headers]
    path = landing / dataset / (name or f"补充_{DAY}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headers, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def plant(landing: Path) -> None:
    """A landing folder of the first night."""
    shutil.copytree(SAMPLE, landing)
    w = WORDS
    number, phone, address = w["number of a good row"], w["phone"], w["address"]
    add(
        landing,
        "medical_insurance/insured_person",
        {
            "人员编号": w["key of a register"],
            "证件类型": "01",
            "证件号码": number,
            "姓名": GOOD,
            "性别": "1",
            "出生日期": "1988-04-12",
            "联系电话": phone,
            "险种类型": "390",
            "参保地": "371121",
            "居住地区划": "371121901201",
            "家庭编号": "FMARK",
            "生存状态": "1",
            "联系地址": address,
            w["header of a file"]: phone,
        },
    )
    settled = {
        "人员编号": w["key of a register"],
        "证件号码": number,
        "姓名": GOOD,
        "险种类型": "390",
        "医疗类别": "21",
        "开始日期": "2026-10-01",
        "结束日期": "2026-10-20",
        "医疗费总额（元）": "90000",
        "符合范围金额": "88000",
        "基金支付总额": "20000",
        "个人负担总金额": "70000",
        "病种名称": CLERK,
    }
    add(
        landing,
        "medical_insurance/settlement",
        {**settled, "结算ID": "MARK1", "结算日期": "2026-10-20"},
        {
            **settled,
            "结算ID": "MARK2",
            "结算日期": BAD,
            "姓名": BAD,
            "证件号码": w["number of a bad row"],
        },
        {**settled, "结算ID": "", "结算日期": "2026-10-21", "姓名": BAD},
    )
    add(
        landing,
        "education/student",
        {
            "XJH": w["roll number"],
            "XM": GOOD,
            "XBM": "2",
            "CSRQ": "20140917",
            "SFZJLXM": "1",
            "XXBSM": "3799000001",
            "XXMC": "示例学校",
            "JYJDM": "2",
            "HKSZD": "371121901201",
            "LXDH": phone,
            "JHR1XM": GUARDIAN,
            "JHR1GX": "父亲",
            "JHR1SFZJH": w["number of a guardian"],
            "JHR1DH": w["phone of a guardian"],
        },
    )
    add(
        landing,
        "civil_affairs/assistance_household",
        {
            "低保证号": "ZMARK",
            "救助类别": "低保",
            "户主姓名": GOOD,
            "户主身份证号": number,
            "家庭人口": "1",
            "保障人口": "1",
            "家庭年总收入（元）": "3000",
            "户月保障金额（元）": "500",
            "区划代码": "371121901201",
            "最初享受月": "202406",
            "家庭住址": address,
        },
        {
            "低保证号": "ZMARK2",
            "救助类别": BAD,
            "户主姓名": BAD,
            "户主身份证号": w["number of a bad row"],
            "区划代码": "371121901201",
            "最初享受月": "202406",
        },
    )
    add(
        landing,
        "civil_affairs/assistance_member",
        {
            "低保证号": "ZMARK",
            "姓名": GOOD,
            "身份证号": number,
            "户主身份证号": number,
            "与户主关系": "户主",
            "性别": "男",
            "出生日期": "1988-04-12",
            "患病病种": CLERK,
            "健康状况": CLERK,
        },
    )
    # a clerk who writes into the wrong column, and words where a code is meant
    add(
        landing,
        "civil_affairs/assistance_payment",
        {
            "发放流水号": "PMARK1",
            "救助证号": "ZMARK",
            "姓名": GOOD,
            "身份证号": number,
            "救助项目": "临时救助",
            "救助子项": f"{CLERK}生病，电话{w['phone in a free text']}",
            "发放金额": "1000",
            "发放日期": "2026-09-10",
            "所属月份": "",
            "发放部门": f"经办人{CLERK}",
            "区划代码": "371121901201",
        },
        {
            "发放流水号": "PMARK2",
            "救助证号": "ZMARK",
            "姓名": GOOD,
            "身份证号": number,
            "救助项目": CLERK,
            "发放金额": "500",
            "发放日期": "2026-09-11",
            "发放部门": "县民政局",
        },
    )
    add(
        landing,
        "civil_affairs/economic_check",
        {
            "核对编号": "HDMARK",
            "姓名": GOOD,
            "身份证号": number,
            "核对日期": "2026-08-01",
            "收入类别": "工资性",
            "年收入金额": "3000",
            "数据来源": CLERK,
        },
    )
    add(
        landing,
        "civil_affairs/field_report",
        {
            "线索编号": "XSMARK",
            "上报日期": "2026-11-18",
            "上报人身份": "村级协理员",
            "姓名": GOOD,
            "身份证号": number,
            "联系电话": phone,
            "区划代码": "371121901201",
            "困难类型": f"重病、{CLERK}",
            "情况说明": f"{GOOD}家，{CLERK}来报，{w['phone in a free text']}",
        },
    )
    visits = landing / "civil_affairs" / "disposition"
    visits.mkdir()
    (visits / f"核查_{DAY}.csv").write_text(
        "预警编号,核查日期,核查结果,原因说明,落实救助,核查人身份\n"
        f"C0001,2026-11-20,属实,{w['words of a visitor']}{GOOD},{CLERK},{CLERK}\n",
        encoding="utf-8",
    )
    # a file named after a person, a file without its header, and a sheet named after a person
    add(
        landing,
        "civil_affairs/death_record",
        {
            "登记编号": "SWMARK",
            "姓名": BAD,
            "身份证号": w["number of a bad row"],
            "死亡日期": BAD,
        },
        name=f"{FILE}{w['number of a guardian']}_{DAY}.csv",
    )
    headless = landing / "civil_affairs" / "social_service" / f"无表头_{DAY}.csv"
    headless.write_text(
        f"FWMARK,志愿者,{BAD},{w['number of a bad row']},送医陪护,2026-08-03,4\n",
        encoding="gb18030",
    )
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = FILE
    sheet.append(["登记编号", "姓名", "身份证号", "性别", "出生日期", "死亡日期", "区划代码"])
    sheet.append(["SWMARK2", BAD, w["number of a bad row"], "女", "1991-05-23", CLERK, ""])
    book.create_sheet(BAD).append([GOOD, phone])
    book.save(landing / "civil_affairs" / "death_record" / f"名单_{DAY}.xlsx")
