-- What every generic test of the package has to find: seven rows, each wrong in its way. No figure may tell how many.
select 2020 as year, 'Aton' as town, 'F' as sex, '1' as code, cast(-1 as bigint) as n
union all select 2020, 'Aton', 'F', '1', -1
union all select 2020, 'Bton', 'F', cast(null as {{ dbt.type_string() }}), cast(null as bigint)
union all select 2020, 'All', 'F', '06001', 99
union all select 2021, 'Aton', 'M', '1x1', 4
union all select 2021, 'Bton', 'M', '0１', 5
union all select 2021, 'All', 'M', '', 8
