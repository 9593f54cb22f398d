-- A count as it may be quoted outside the bureau; 0 stays 0.
select
    case
        when counted between 1 and $small_count_below - 1 then concat('<', $small_count_below)
        else cast(counted as varchar)
    end as shown
