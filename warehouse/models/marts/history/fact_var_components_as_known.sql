{{ as_known(ref('fact_var_components_history')) }}
