{{ ddg.rejected(ref('stg_cdph_cases__checked')) }}
