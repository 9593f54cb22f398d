-- A count as it may be quoted outside the bureau; 0 stays 0.
select case when counted between 1 and 4 then '<5' else cast(counted as varchar) end as shown
