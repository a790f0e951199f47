select year from ({{ ddg.reporting_years() }}) as years
