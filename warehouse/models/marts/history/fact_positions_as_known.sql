{{ as_known(ref('fact_positions_history')) }}
