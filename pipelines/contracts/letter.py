"""The data-request letter and form of a department, from its contracts: what is asked, and no more.

What a site must add itself (legal basis, contact, seal) is marked 待填写. Chinese, since it is sent
to Chinese offices. Writing the files is in ``letter_form`` and the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Column, Contract

UNITS = {
    "month": "个月",
    "day": "天",
    "week": "周",
    "year": "年",
    "m": "个月",
    "d": "天",
    "w": "周",
}
FORMS = {
    "text": "文字",
    "key": "编号，按文本保存，保留前导零",
    "identity_number": "18 位身份证件号码，按文本保存，不要让表格软件改成科学计数法",
    "person_name": "姓名，不含空格",
    "sex": "男或女（或 1、2）",
    "date": "日期，如 2026-11-20",
    "month": "月份，如 2026-11",
    "timestamp": "日期和时间，如 2026-11-20 09:30:00",
    "money": "金额，单位元，保留两位小数；没有填 0，不清楚留空",
    "count": "整数",
    "boolean": "是或否",
    "code": "填代码或名称",
    "codes": "填代码或名称，多项以顿号（、）分隔",
    "region": "12 位行政区划代码",
    "phone": "电话号码，按文本保存",
}
SHOWN_CODES = 12
TO_FILL = "〔{}：待填写〕"


def header_of(column: Column) -> str:
    """A column as a department calls it: its first Chinese header, else its name."""
    chinese = (alias for alias in column.aliases if any("\u4e00" <= c <= "\u9fff" for c in alias))
    return next(chinese, column.aliases[0] if column.aliases else column.name)


def form_of(column: Column, codes: Mapping[str, CodeList]) -> str:
    """How a value is to be written, with the first codes of its list."""
    listed = codes.get(column.codes or "")
    if listed is None or column.kind == "sex":
        return FORMS[column.kind]
    plain = [value for value in listed.values if not value.is_pattern]
    words = "、".join(
        value.zh if value.code == value.zh or not value.code.isascii()
        else f"{value.code} {value.zh}"
        for value in plain[:SHOWN_CODES]
    )  # fmt: skip
    more = f" 等 {len(plain)} 项，见表格的“代码”页" if len(plain) > SHOWN_CODES else ""
    return f"{FORMS[column.kind]}：{words}{more}"


def how_often(contract: Contract) -> str:
    """When the next is expected and from when it is missed."""
    number, _, unit = (contract.frequency or "").partition(" ")
    period = UNITS.get(unit, unit)
    every = f"每 {number} {period}一次" if number else "有新数据时"
    if number == "1":
        every = f"每{period.removeprefix('个')}一次"
    late = f"；超过 {contract.due_days} 天没有新数据，系统提示逾期" if contract.due_days else ""
    return f"{every}{late}"


def whole_or_new(contract: Contract) -> str:
    if contract.mode == "snapshot":
        return "每次提供截至数据日期的全部记录（不是增量）；少报的记录会被当作已退出而核对"
    return "每次提供上次以来新增和更正的记录；主键相同的行视为更正"


def addressed_to(contracts: Sequence[Contract]) -> str:
    return contracts[0].owner.partition(" / ")[0].strip()


def letter(contracts: Sequence[Contract], codes: Mapping[str, CodeList]) -> str:
    """The letter to the one department of these contracts, as Markdown."""
    titles = "、".join(contract.title_zh for contract in contracts)
    several = f"等 {len(contracts)} 项" if len(contracts) > 3 else ""
    named = "、".join(contract.title_zh for contract in contracts[:3])
    return "\n\n".join(
        [
            f"# 关于商请提供{named}{several}数据的函",
            f"{addressed_to(contracts)}：",
            "为及时发现困难群众、主动核实并落实救助帮扶，我单位建设了低收入人口动态监测系统，每日比对"
            f"有关部门数据，发现疑似困难线索后由工作人员入户核实。现商请贵单位提供{titles}数据。"
            f"提供依据：{TO_FILL.format('法律法规、工作协议或会议纪要的名称和条款')}。",
            "## 一、提供哪些数据",
            "表中标“必需”的列缺少时，整份文件无法使用；其余各列有则提供。",
            *(_dataset(contract, codes) for contract in contracts),
            "## 二、怎样提供",
            "\n".join(
                [
                    "- 格式：CSV（UTF-8 或 GB18030 编码，逗号或制表符分隔）、Excel（xlsx）"
                    "或 Parquet；"
                    "首行为表头，可直接使用随函附上的表格。",
                    "- 证件号码、编号、电话一律按文本保存。",
                    *(_where(contract) for contract in contracts),
                    "- 文件写完后，另放一个同名加 `.done` 的空文件，表示可以读取；"
                    "已提供的文件请勿改动。",
                ]
            ),
            "## 三、何时提供",
            "\n".join(
                f"- {contract.title_zh}：{how_often(contract)}。{whole_or_new(contract)}。"
                for contract in contracts
            ),
            "## 四、个人信息保护",
            "请只提供上表所列的列，其他个人信息请勿提供。数据仅用于困难群众的发现、核实和救助帮扶，存放于"
            "专用服务器的受限区域，按最小权限使用并留存访问记录；对外统计不含姓名、证件号码、电话和住址。"
            f"传输方式：{TO_FILL.format('政务外网、前置库或专用介质')}；"
            f"保存期限：{TO_FILL.format('年限')}。",
            "## 五、有问题的数据",
            "无法使用的行（缺主键、日期或金额无法识别）不会影响其余数据，我单位将以表格返回，请更正后按原文件名"
            "送回。记录数骤减的一次交付先不采用，经双方核对后再生效。",
            "## 六、联系人",
            f"{TO_FILL.format('姓名、职务')}，电话 {TO_FILL.format('号码')}。",
            f"附件：数据报送表\n\n{TO_FILL.format('发函单位、印章')}\n\n{TO_FILL.format('日期')}",
        ]
    ) + "\n"  # fmt: skip


def file_name(contract: Contract, day: str = "20261120") -> str:
    return f"{contract.title_zh}_{day}.xlsx"


def _where(contract: Contract) -> str:
    return (
        f"- {contract.title_zh}：文件名 `{file_name(contract)}`，其中 8 位数字为数据日期；"
        f"存放目录 `{contract.source}/{contract.dataset}/`。"
    )


def _dataset(contract: Contract, codes: Mapping[str, CodeList]) -> str:
    lines = [
        f"### {contract.title_zh}",
        "",
        f"{contract.zh}。",
        "",
        "| 列 | 含义 | 要求 | 填写方式 |",
        "| --- | --- | --- | --- |",
    ]
    for column in contract.columns:
        need = "**必需**" if column.required else "可选"
        if column.is_key:
            need += "，主键"
        cells = (header_of(column), column.zh, need, form_of(column, codes))
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)
