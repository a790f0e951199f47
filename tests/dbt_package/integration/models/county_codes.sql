select number, {{ ddg.county_fips('given') }} as found, expected
from (
    {{ cases([
        ("'001'", "'001'"), ("'1'", "'001'"), ("' 37 '", "'037'"), ("'06037'", "'037'"), ("'6037'", "null"),
        ("'32003'", "null"), ("'0601'", "null"), ("'abc'", "null"), ("''", "null"), ("' '", "null"), ("null", "null"),
        ("'-01'", "null"), ("'06o37'", "null"), ("'１'", "null"), ("'1.0'", "null"), ("'0000000'", "null"),
    ], given=dbt.type_string(), expected=dbt.type_string()) }}
) as given_codes
