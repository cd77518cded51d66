{{ history_of(ref('int_var_component_revisions'), ['portfolio_id', 'as_of', 'basis', 'measure', 'parameters', 'symbol']) }}
