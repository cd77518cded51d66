-- Stored numbers that were replaced: what was, what it became, and why.
select relation, row_key, revision, was, became, cause, recorded_at
from {{ ref('stg_ops__restatement') }}
