select number, {{ ddg.month_day_year('given') }} as found, expected
from (
    {{ cases([
        ("'5/29/2012'", "'2012-05-29'"), ("'12/01/2020'", "'2020-12-01'"), ("'02/29/2024'", "'2024-02-29'"),
        ("'2/29/2023'", "null"), ("'4/31/2023'", "null"), ("'29/5/2012'", "null"), ("'0/1/2020'", "null"),
        ("'1/0/2020'", "null"), ("'5-29-2012'", "null"), ("'soon'", "null"), ("''", "null"), ("null", "null"),
    ], given=dbt.type_string(), expected="date") }}
) as given_texts
