select number, {{ ddg.county_fips('given', state='09') }} as found, expected
from (
    {{ cases([
        ("1", "'001'"), ("37", "'037'"), ("999", "'999'"), ("9013", "null"), ("-1", "null"), ("null", "null"),
    ], given="integer", expected=dbt.type_string()) }}
) as given_codes
