"""A folder `schemas` to spoil: the real code lists, and one small sound contract beside them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.settings import SCHEMAS

Put = Callable[..., Path]

SMALL = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:test:register
name: 户籍登记 / Household register
version: 1.0.0
status: active
domain: public_security
description: {purpose: 户籍登记，一人一行 / the household register, a row per person}
schema:
  - name: register
    logicalType: object
    customProperties:
      - {property: mode, value: snapshot}
      - {property: scope, value: [region_code]}
      - {property: owner, value: 公安局}
      - property: roles
        value:
          - role: person
            name: name
            id_number: id_number
            relation: relation
            region: {code: region_code, rank: 1}
            groups:
              - {kind: register, key: register_no}
          - {role: household, evidence: register, group: register_no, relation: relation}
    properties:
      - name: register_no
        description: 户号 / number of the household
        primaryKey: true
        primaryKeyPosition: 1
        required: true
        classification: pseudonym
        customProperties:
          - {property: kind, value: key}
          - {property: aliases, value: [户号]}
      - name: name
        description: 姓名 / name
        primaryKey: true
        primaryKeyPosition: 3
        required: true
        classification: identifying
        customProperties:
          - {property: kind, value: person_name}
          - {property: aliases, value: [姓名]}
      - name: id_number
        description: 身份证号 / identity number
        primaryKey: true
        primaryKeyPosition: 2
        classification: identifying
        customProperties:
          - {property: kind, value: identity_number}
          - {property: aliases, value: [身份证号]}
      - name: relation
        description: 与户主关系 / relation to the head
        classification: quasi
        customProperties:
          - {property: kind, value: code}
          - {property: codes, value: relation}
          - {property: aliases, value: [与户主关系]}
      - name: region_code
        description: 区划代码 / region
        classification: quasi
        customProperties:
          - {property: kind, value: region}
          - {property: aliases, value: [区划代码]}
slaProperties:
  - {property: dueDays, value: 35, unit: d}
"""


@pytest.fixture
def small() -> str:
    """The text of a sound contract of a department that the project has never heard of."""
    return SMALL


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder `schemas` with the real code lists and no contract."""
    root = tmp_path / "schemas"
    shutil.copytree(SCHEMAS / "codes", root / "codes")
    return root


@pytest.fixture
def put(schemas: Path) -> Put:
    """Writes a contract into `schemas`: put(text) or put(text, "source/dataset")."""

    def write(text: str, name: str = "public_security/register") -> Path:
        path = schemas / "sources" / f"{name}.odcs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
