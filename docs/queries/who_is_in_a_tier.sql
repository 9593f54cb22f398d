-- Who is in a tier now, and where? Counties by their code.
SELECT
    tier,
    count(*) AS people,
    count(*) FILTER (WHERE region_code LIKE '371102%') AS donggang_371102,
    count(*) FILTER (WHERE region_code LIKE '371103%') AS lanshan_371103,
    count(*) FILTER (WHERE region_code LIKE '371121%') AS wulian_371121,
    count(*) FILTER (WHERE region_code LIKE '371122%') AS juxian_371122
FROM population.monitored_person
GROUP BY tier
ORDER BY people DESC, tier;
