select town from {{ ref('checked') }} where rejection_reason is null
