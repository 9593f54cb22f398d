"""People, lives, tiers, households and places with pandas, as the floor's statements say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.rivals.pandas_values import day

Frames = dict[str, pd.DataFrame]
PARENTS = {"父", "母", "父母", "父亲", "母亲", "爸爸", "妈妈", "继父", "养父", "继母", "养母",
           "继父或养父", "继母或养母", "5", "50", "51", "52", "57", "58", "59"}  # fmt: skip
HEADS = {"户主", "本人", "配偶", "夫", "妻", "01", "02", "10", "11", "12"}
SONS = {"子", "儿子", "长子", "次子", "儿媳", "20", "22", "23", "38"}
RANKS = {"特困": 1, "低保": 2, "防止返贫监测": 3, "低保边缘": 4, "刚性支出困难": 5}
WATCHED = ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户")
OPEN = pd.Timestamp("2262-01-01")


def certificates(f: Frames) -> None:
    given = f["assistance_household"]
    named = "named:" + given["certificate_no"] + given["head_name"]
    ends = given["end_month"].dt.to_period("M").dt.to_timestamp() + pd.DateOffset(months=1)
    f["certificate"] = given.assign(
        head=given["head_number"].fillna(named),
        valid_from=given["start_month"].dt.to_period("M").dt.to_timestamp(),
        valid_to=pd.concat([ends.fillna(OPEN), given["left_on"].fillna(OPEN)], axis=1).min(axis=1),
    )


def members(f: Frames) -> None:
    parts = []
    for name, evidence, group in (("assistance_member", "certificate", "certificate_no"),
                                  ("prevention_roster", "roster", "household_no")):  # fmt: skip
        rows = f[name].dropna(subset=["number", "name"], how="all")
        covered = rows["covered"].fillna(True).astype(bool) if "covered" in rows else True
        f[name] = rows.assign(
            person=rows["number"].fillna("named:" + rows[group] + rows["name"]), covered=covered
        )
        parts.append(f[name].rename(columns={group: "group_no"}).assign(evidence=evidence))
    f["member"] = pd.concat(parts, ignore_index=True)


def people(f: Frames) -> None:
    """Insurance numbers, pupils, guardians, and everybody with a birth date."""
    insured = f["insured_person"]
    one = insured.groupby("psn_no").agg(number=("number", "max"), birth_date=("birth_date", "max"))
    one = one.reset_index()
    f["psn"] = one.assign(person=one["number"].fillna("psn:" + one["psn_no"]))
    roll = f["student"]
    f["pupil"] = roll.assign(person=roll["number"].fillna("pupil:" + roll["student_no"]))
    f["guardian"] = pd.concat([
        f["pupil"][["person", "is_current"]].assign(
            guardian=f["pupil"][f"guardian{n}_number"], place=n,
            relation=f["pupil"][f"guardian{n}_relation"],
        ) for n in (1, 2)
    ]).dropna(subset=["guardian"])  # fmt: skip
    known = [f[name][["person", "number", "birth_date"]] for name in ("psn", "pupil", "member")]
    heads = f["certificate"][["head", "head_number"]].dropna(subset=["head"])
    known.append(heads.set_axis(["person", "number"], axis=1))
    alone = [f["guardian"]["guardian"], *(f[n]["number"].dropna() for n in (
        "death_record", "economic_check", "assistance_payment", "field_report"))]  # fmt: skip
    known += [pd.DataFrame({"person": a, "number": a}) for a in alone]
    every = pd.concat(known, ignore_index=True)
    person = every.groupby("person").agg(number=("number", "max"), said=("birth_date", "max"))
    born = pd.to_datetime(person["number"].str.slice(6, 14), format="%Y%m%d", errors="coerce")
    born = born.astype("datetime64[s]").fillna(day(person["said"].astype("string")))
    f["person"] = person.assign(birth_date=born).reset_index()[["person", "number", "birth_date"]]


def _of_insured(f: Frames) -> pd.DataFrame:
    return f["insured_person"].drop(columns="number").merge(f["psn"][["psn_no", "person"]])


def lives(f: Frames, as_of: pd.Timestamp) -> None:
    """Alive and present, and households as joined groups."""
    insured = _of_insured(f)
    record = f["death_record"]
    record = record[record["number"].notna() & (record["death_date"] <= as_of)]
    gone = insured[insured["survival_status"] == "2"]
    died = pd.concat([
        record[["number", "death_date"]].set_axis(["person", "died_on"], axis=1),
        gone[["person", "extract_date"]].set_axis(["person", "died_on"], axis=1),
    ]).groupby("person")["died_on"].min()  # fmt: skip
    settled = f["settlement"]
    psn = f["psn"][f["psn"]["person"].isin(died.index)]
    settled = settled[settled["psn_no"].isin(psn["psn_no"])].merge(psn[["psn_no", "person"]])
    real = ~settled["refunded"].fillna(False).astype(bool) & (settled["total_cost"] >= 0)
    treated = settled["begin_date"].fillna(settled["settled_at"])[real]
    treated = treated.groupby(settled["person"][real]).max()
    doubtful = treated.reindex(died.index) > died
    away = insured[insured["is_current"] & insured["survival_status"].isin(["3", "4"])]["person"]
    person = f["person"]
    dead = person["person"].isin(died.index[~doubtful])
    f["life"] = person[["person"]].assign(
        died_on=person["person"].map(died), alive=~dead,
        present=~dead & ~person["person"].isin(away),
    )  # fmt: skip
    tie = _ties(f, insured, as_of)
    label = tie.groupby("person")["person"].min()
    while True:
        group = tie["person"].map(label).groupby(tie["group_key"]).min()
        moved = tie["group_key"].map(group).groupby(tie["person"]).min()
        if moved.equals(label):
            break
        label = moved
    home = person.merge(f["life"], on="person")
    f["home"] = home.assign(household=home["person"].map(label).fillna(home["person"]))


def _ties(f: Frames, insured: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    def tie(person: pd.Series, kind: str, group: pd.Series) -> pd.DataFrame:
        return pd.DataFrame({"person": person, "group_key": f"{kind}:" + group})

    begun = f["certificate"]
    begun = begun[begun["valid_from"].isna() | (begun["valid_from"] <= as_of)]
    family = insured[insured["is_current"] & insured["family_no"].notna()]
    member = f["member"]
    roster = member[(member["evidence"] == "roster") & member["is_current"]]
    under = member[member["evidence"] == "certificate"].merge(
        begun[["certificate_no", "is_current"]], left_on="group_no", right_on="certificate_no",
        suffixes=("", "_certificate"),
    )  # fmt: skip
    under = under[under["is_current"] | ~under["is_current_certificate"]]
    headed = begun.dropna(subset=["head"])
    ties = pd.concat([
        tie(family["person"], "family", family["family_no"]),
        tie(roster["person"], "roster", roster["group_no"]),
        tie(under["person"], "certificate", under["group_no"]),
        tie(headed["head"], "certificate", headed["certificate_no"]),
    ]).drop_duplicates()  # fmt: skip
    life = f["life"].set_index("person")
    alive = ties["person"].map(life["alive"])
    sizes = ties[alive].groupby("group_key").size()
    joined = set(ties[ties["group_key"].isin(sizes.index[sizes > 1])]["person"])
    elsewhere = set(f["psn"]["person"]) | set(member["person"]) | set(f["certificate"]["head"])
    guard = f["guardian"]
    guard = guard[
        guard["is_current"]
        & ~guard["person"].isin(joined)
        & guard["guardian"].isin(elsewhere)
        & (guard["person"] != guard["guardian"])
    ]
    fit = guard["person"].map(life["alive"]) & guard["guardian"].map(life["present"])
    ward = guard[fit].sort_values("place").drop_duplicates("person")
    return pd.concat([
        ties, tie(ward["person"], "guardian", ward["guardian"]),
        tie(ward["guardian"], "guardian", ward["guardian"]),
    ]).drop_duplicates()  # fmt: skip


def tiers(f: Frames, as_of: pd.Timestamp) -> None:
    member = f["assistance_member"]
    held = member[member["is_current"] & member["covered"]].merge(
        f["certificate"][["certificate_no", "category", "valid_from", "valid_to", "extract_date"]],
        on="certificate_no", suffixes=("_member", ""),
    )  # fmt: skip
    begun = held["valid_from"].fillna(held["extract_date"]) <= as_of
    held = held[begun & (held["valid_to"] > as_of)]
    roster = f["prevention_roster"]
    watched = roster[
        roster["monitor_type"].isin(WATCHED) & roster["is_current"]
        & (roster["identified_on"].fillna(roster["extract_date"]) <= as_of)
        & (roster["risk_removed_on"].fillna(OPEN) > as_of)
    ]  # fmt: skip
    made = pd.concat([
        held[["person", "category"]].rename(columns={"category": "tier"}),
        watched[["person"]].assign(tier="防止返贫监测"),
    ]).drop_duplicates()  # fmt: skip
    made = made[
        made["person"].map(f["life"].set_index("person")["alive"]).fillna(False).astype(bool)
    ]
    f["tier"] = made.assign(rank=made["tier"].map(RANKS)).reset_index(drop=True)


def places(f: Frames) -> None:
    """Where each person lives; a township or village is found by its name without its kind."""
    region = f["region"]
    named = region[region["region_code"].str.slice(6, 9) != "000"]
    short = named["name"].str.replace(
        "(办事处|居民委员会|村民委员会|居委会|村委会)$", "", regex=True
    ).str.replace("(街道|镇|乡|社区|村)$", "", regex=True)  # fmt: skip
    is_town = named["region_code"].str.slice(9) == "000"

    def codes(rows: pd.Series, digits: int) -> dict[str, str]:
        keys = named["region_code"][rows].str.slice(0, digits) + short[rows]
        return dict(named["region_code"][rows].groupby(keys).min())

    town, village = codes(is_town, 6), codes(~is_town, 9)
    lived = _of_insured(f)[["person", "region_code", "township", "village", "is_current",
                            "extract_date"]].drop_duplicates()  # fmt: skip
    code = lived["region_code"]
    name = lived["township"].str.replace("办事处$", "", regex=True)
    name = name.str.replace("(街道|镇|乡)$", "", regex=True)
    found = (code.str.slice(0, 6) + name).map(town).astype("string")
    code = code.where(code.str.slice(6, 9) != "000", found.fillna(code))
    name = lived["village"].str.replace("(居民委员会|村民委员会|居委会|村委会)$", "", regex=True)
    name = name.str.replace("(社区|村)$", "", regex=True)
    found = (code.str.slice(0, 9) + name).map(village).astype("string")
    open_ = (code.str.slice(6, 9) != "000") & (code.str.slice(9) == "000")
    lived = lived.assign(region_code=code.where(~open_, found.fillna(code)), source_rank=3)
    given = f["certificate"]
    member = f["member"]
    under = member[member["evidence"] == "certificate"][["person", "group_no"]].merge(
        given[["certificate_no", "region_code", "is_current", "extract_date"]],
        left_on="group_no", right_on="certificate_no",
    )  # fmt: skip
    columns = ["person", "region_code", "is_current", "extract_date"]
    said = pd.concat([
        under[columns].assign(source_rank=1),
        given.dropna(subset=["head"]).assign(person=lambda c: c["head"])[columns]
        .assign(source_rank=1),
        f["prevention_roster"][columns].assign(source_rank=2), lived[[*columns, "source_rank"]],
        f["pupil"][columns].assign(source_rank=4),
    ]).dropna(subset=["region_code"])  # fmt: skip
    code = said["region_code"]
    reach = np.select(
        [code.str.slice(9) != "000", code.str.slice(6, 9) != "000", code.str.slice(4, 6) != "00"],
        [1, 2, 3], 4,
    )  # fmt: skip
    said = said.assign(reach=reach, left=~said["is_current"].astype(bool)).sort_values(
        ["left", "reach", "source_rank", "extract_date", "region_code"],
        ascending=[True, True, True, False, True],
    ).drop_duplicates("person")  # fmt: skip
    kind = region["urban_rural_code"].str.slice(0, 1).map({"1": "urban", "2": "rural"})
    f["residence"] = pd.DataFrame({"region_code": region["region_code"], "urban_rural": kind})
    f["place"] = said[["person", "region_code"]].merge(f["residence"], how="left")


def attributes(f: Frames, as_of: pd.Timestamp) -> None:
    """The living with age, disability, illness and roll; minors with who is left for them."""
    home = f["home"][f["home"]["alive"]]
    born = home["birth_date"]
    had = (as_of.month * 100 + as_of.day) < (born.dt.month * 100 + born.dt.day)
    age = as_of.year - born.dt.year - had.where(born.notna()).astype("Float64")
    insured = _of_insured(f)
    roll = f["assistance_member"].merge(
        f["certificate"].loc[f["certificate"]["is_current"], ["certificate_no"]]
    )
    roll = roll[roll["is_current"]]
    grade = roll["disability_level"].str.slice(0, 1).map(
        {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
    ).groupby(roll["person"]).min()  # fmt: skip
    unable = roll["person"][roll["labour_ability"].str.match("无|丧失").fillna(False).astype(bool)]
    ill = f["chronic_registration"].merge(f["psn"][["psn_no", "person"]])
    code = ill["disease_code"]
    bad = code.isin(["M00503", "M01200", "M08300"]) | code.str.match("M078|M0210")
    begun, ends = ill["begin_date"].fillna(as_of), ill["end_date"].fillna(as_of)
    ill = ill[bad & ill["is_current"] & (begun <= as_of) & (ends >= as_of)]
    employed = insured[insured["is_current"] & (insured["insurance_type"] == "310")]["person"]
    pupil = f["pupil"][f["pupil"]["is_current"]]
    orphan = pupil["person"][pupil["is_orphan"].fillna(False).astype(bool)]
    who = home["person"]
    made = home[["person", "household", "present"]].assign(
        age=age.astype("float64"), disability_level=who.map(grade).map(
            {1: "一", 2: "二", 3: "三", 4: "四"}),
        unable=who.isin(unable), severe_chronic=who.isin(ill["person"]),
        employee_insured=who.isin(employed), is_student=who.isin(pupil["person"]),
        is_orphan=who.isin(orphan),
    )  # fmt: skip
    there = f["life"].set_index("person")["present"]
    guard = f["guardian"]
    kept = guard[guard["is_current"]]
    guards = kept["guardian"].map(there).groupby(kept["person"]).any()
    parents = pd.concat([
        guard.loc[guard["relation"].isin(PARENTS), ["person", "guardian"]]
        .set_axis(["person", "parent"], axis=1), _related(f["member"]),
    ]).drop_duplicates()  # fmt: skip
    parents = parents["parent"].map(there).groupby(parents["person"]).any()
    minor = made["age"] < 18
    no_guard = ~made["person"].map(guards).fillna(True).astype(bool)
    no_parent = ~made["person"].map(parents).fillna(True).astype(bool)
    f["attribute"] = made.assign(
        without_guardian=minor & made["is_student"] & (made["is_orphan"] | no_guard),
        without_parent=minor & (made["is_orphan"] | no_parent),
    )


def _related(member: pd.DataFrame) -> pd.DataFrame:
    keys = ["evidence", "group_no"]
    side = member[[*keys, "person", "relation"]]
    pairs = side.merge(side, on=keys, suffixes=("", "_elder"))
    pairs = pairs[pairs["person"] != pairs["person_elder"]]
    relation, elder = pairs["relation"].fillna(""), pairs["relation_elder"]
    child = relation.str.endswith(("子", "女")) & ~relation.str.contains("孙")
    grand = relation.isin(["孙子", "孙女", "41", "42"])
    fits = (child & elder.isin(HEADS)) | (grand & elder.isin(SONS))
    return pairs.loc[fits, ["person", "person_elder"]].set_axis(["person", "parent"], axis=1)


def households(f: Frames, attribute: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Living members counted, and where the household is."""
    age = attribute["age"]
    working = age.between(18, 59) & attribute["present"]
    heavy = attribute["disability_level"].isin(["一", "二"])
    able = working & ~attribute["is_student"] & ~attribute["severe_chronic"] & ~heavy
    marks: dict[str, Any] = {
        "severe_members": attribute["severe_chronic"],
        "disabled_members": attribute["disability_level"].notna(), "minors": age < 18,
        "elders": age >= 60, "working_age_members": working,
        "able_members": able & ~attribute["unable"],
        "employee_insured_members": attribute["employee_insured"],
        "minors_without_guardian": attribute["without_guardian"],
        "minors_without_parent": attribute["without_parent"],
    }  # fmt: skip
    marked = pd.DataFrame(marks).astype("int64").assign(size=1)
    made = marked.groupby(attribute["household"]).sum()
    first = attribute.groupby("household")["first_tier"]
    made = made.assign(last_tier=first.max(), best_tier=first.min())
    home = f["home"]
    given = f["certificate"].merge(home[["person", "household"]], left_on="head", right_on="person")
    given = given[(given["valid_to"] > as_of) & given["region_code"].notna()
                  & (given["valid_from"].fillna(as_of) <= as_of)]  # fmt: skip
    given = given.sort_values(["valid_from", "extract_date", "certificate_no"],
                              ascending=[False, False, True])  # fmt: skip
    certified = given.drop_duplicates("household").set_index("household")["region_code"]
    eldest = home[home["alive"]].merge(f["place"][["person", "region_code"]])
    eldest = eldest.sort_values(["birth_date", "person"], na_position="last")
    eldest = eldest.drop_duplicates("household").set_index("household")["region_code"]
    code = certified.reindex(made.index).fillna(eldest.reindex(made.index)).fillna("0" * 12)
    residence = f["residence"].set_index("region_code")["urban_rural"]
    return made.assign(region_code=code, urban_rural=code.map(residence))
