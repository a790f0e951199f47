{{ ddg.rejected(ref('stg_tickborne_cases__checked')) }}
