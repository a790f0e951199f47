{{ ddg.rejected(ref('stg_ct_deaths__checked')) }}
