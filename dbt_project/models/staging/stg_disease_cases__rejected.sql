{{ ddg.rejected(ref('stg_disease_cases__checked')) }}
