"""Writing down that a person disputes a case. The next night shows it; nothing else follows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.contracts.codes import fold_value, load_codes
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.dispute import Dispute, new_dispute_id
from pipelines.lake.home import Home
from pipelines.publish.reading import past_night

ROLES = "reporter_role"
LONGEST = 4000


def record(home: Path, case_id: str, by: str, text: str, on: date) -> Dispute:
    """Keep a dispute; raises for a case nobody knows, an unknown role, or no words."""
    words = text.strip()
    if not words:
        raise JiuzhulianError("--text is empty: write down what the person says")
    if len(words) > LONGEST:
        raise JiuzhulianError(f"--text has {len(words)} characters; {LONGEST} are kept")
    roles = load_codes()[ROLES]
    role = roles.lookup.get(fold_value(by))
    if role is None:
        raise JiuzhulianError(f"--by is a role, not a name; roles are {'、'.join(roles.codes)}")
    with past_night(home) as night:
        found = night.query(
            "SELECT count(*) FROM hardship.case_file WHERE case_id = $case_id",
            {"case_id": case_id},
        ).item()  # fmt: skip
        if not found:
            raise NotFound(
                f"there is no case {case_id} on {night.as_of}: case ids stand in hardship.case_file"
            )
    recorded = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
    dispute = Dispute(new_dispute_id(), case_id, on, role, words, recorded)
    dispute.save(Home(home))
    return dispute
