select number, {{ ddg.age_group('given') }} as found, expected
from (
    {{ cases([
        ("null", "null"), ("-1", "null"), ("-2147483648", "null"), ("0", "'0-17'"), ("17", "'0-17'"), ("18", "'18-34'"),
        ("34", "'18-34'"), ("64", "'50-64'"), ("65", "'65+'"), ("130", "'65+'"),
    ], given="integer", expected=dbt.type_string()) }}
) as given_ages
