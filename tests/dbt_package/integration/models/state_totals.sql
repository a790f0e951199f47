select year, sum(n) as n from {{ ref('cells') }} group by year
