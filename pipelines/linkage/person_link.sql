-- One row per record that names a person; what analysts with the right to identify open.
select source, dataset, record_key, person_id, method, probability
from linkage.mention_link
