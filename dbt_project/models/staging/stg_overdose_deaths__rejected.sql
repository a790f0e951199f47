{{ ddg.rejected(ref('stg_overdose_deaths__checked')) }}
