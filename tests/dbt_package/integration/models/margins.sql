{{ ddg.with_margins(
    ref('cells'),
    fixed=['year'],
    dimensions=[
        {'column': 'town', 'groups': ['county', 'region'], 'total': "the Dean's state"},
        {'column': 'sex', 'total': 'All'},
    ],
    sums={'n': 'bigint', 'dollars': 'decimal(18, 2)'},
) }}
