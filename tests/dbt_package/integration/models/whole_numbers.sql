select number, {{ ddg.whole_number('given') }} as found, expected
from (
    {{ cases([
        ("'37'", "37"), ("' 8 '", "8"), ("'007'", "7"), ("'999999999'", "999999999"), ("'37.5'", "null"), ("'-3'", "null"),
        ("''", "null"), ("'12345678901'", "null"), ("'1e3'", "null"), ("null", "null"),
    ], given=dbt.type_string(), expected="integer") }}
) as given_texts
