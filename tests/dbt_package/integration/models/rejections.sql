{{ ddg.rejected(ref('checked')) }}
