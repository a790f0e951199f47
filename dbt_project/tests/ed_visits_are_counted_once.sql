-- Every visit that staging kept is in the year of exactly one person.
select 1
where (select count(*) from {{ ref('stg_ed_visits') }})
    <> (select coalesce(sum(visits), 0) from {{ ref('int_ed_patient_years') }})
