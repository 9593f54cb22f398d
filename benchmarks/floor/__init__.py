"""The floor: what cannot be avoided between the raw files and tonight's tiers and alerts.

A bare DuckDB script: it finds the files, knows their headers, decodes what DuckDB cannot read
(GB18030, Excel), takes the newest of every register, joins by identity number, sums twelve months
and applies the rules of the policy. It is the yardstick that a night is measured against, so it
must come to the same answers where a number is enough to know somebody (`compare` says where).

Left out, and so not paid for:

* checks of any kind: row counts, receipts, quarantine with reasons, Great Expectations, damage;
* repair beyond what a value needs to be read, counts of repairs, what was written at first;
* people without a usable number across registers: no names, no probability, no clerical review.
  Two people who show one number are one person; one person under two numbers is two;
* history: no tier spans, no cases and their lives, no ids that last, no changes, no second night;
* groups that contradict each other are joined (a night sets one aside), an ended certificate does
  not part when newer evidence says so, parents known from an earlier roll alone are not looked for;
* a confirmed visit (其他) needs the cases of earlier nights and is not read;
* explanations, near misses, assistance chains, gaps, overlaps, work orders, bulletin, publication;
* columns that no rule of the policy reads.
"""
