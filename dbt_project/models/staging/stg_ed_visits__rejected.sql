{{ ddg.rejected(ref('stg_ed_visits__checked')) }}
