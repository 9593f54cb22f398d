-- What the living of a household, and those who died within the window, spent.
select
    home.household,
    case when max(case when medical.all_unknown then 1 else 0 end) = 0
        then sum(coalesce(medical.burden_all_12m, 0)) end as medical_burden_12m,
    greatest(coalesce(sum(education.amount), 0), 0) as education_cost_12m
from home
left join medical on home.person = medical.person
left join education on home.person = education.person
where home.alive or (home.died_on > $window_start and home.died_on <= $as_of)
group by home.household
