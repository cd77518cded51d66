-- What people did about breaches.
select action_id, limit_id, breach_id, action, actor, note, recorded_at
from {{ ref('stg_ops__limit_action') }}
