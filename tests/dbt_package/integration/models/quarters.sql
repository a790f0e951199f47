select number, {{ ddg.quarter_label('given') }} as found, expected
from (
    {{ cases([
        ("'2024-01-01'", "'2024-Q1'"), ("'2024-06-30'", "'2024-Q2'"), ("'2023-12-31'", "'2023-Q4'"), ("null", "null"),
    ], given="date", expected=dbt.type_string()) }}
) as given_dates
