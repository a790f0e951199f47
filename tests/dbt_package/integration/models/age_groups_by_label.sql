select number, {{ ddg.age_group('given', ['5', '6-19', '20+']) }} as found, expected
from (
    {{ cases([
        ("4", "null"), ("5", "'5'"), ("6", "'6-19'"), ("19", "'6-19'"), ("20", "'20+'"),
    ], given="integer", expected=dbt.type_string()) }}
) as given_ages
